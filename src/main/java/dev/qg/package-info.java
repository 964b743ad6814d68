/**
 * A transactional job queue on PostgreSQL for applications that use jOOQ. {@link dev.qg.Qg}
 * enqueues a {@link dev.qg.Job} in the caller's transaction; a {@link dev.qg.WorkerPool} works it
 * with the {@link dev.qg.WorkFunc} that a {@link dev.qg.WorkMap} has for its type, as a {@link
 * dev.qg.LockedJob} whose writes commit together with its deletion.
 */
@NullMarked
package dev.qg;

import org.jspecify.annotations.NullMarked;
