/**
 * The engine that works many jobs on one session's locks, the loop that works one at a time, and
 * what both share: sessions that hold jobs' locks, the transaction and the end of a job.
 */
@NullMarked
package dev.qg.internal.work;

import org.jspecify.annotations.NullMarked;
