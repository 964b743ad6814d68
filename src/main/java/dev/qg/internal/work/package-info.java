/**
 * The engine: sessions that hold jobs' locks, the transaction and the end of a job, and the loop
 * that works them.
 */
@NullMarked
package dev.qg.internal.work;

import org.jspecify.annotations.NullMarked;
