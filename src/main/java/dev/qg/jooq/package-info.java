/**
 * The tables of the job queue as jOOQ classes, generated from the migrations: for queries of your
 * own about jobs.
 *
 * <p>Reading needs no care. A statement that changes or deletes rows does: a job may be running, or
 * wait in a pool that has read it already. Take the job's advisory lock first, read the row again,
 * then change it by its whole key. {@code docs/your-own-queries.md} has the recipes.
 *
 * <p>The records can't be stored, updated or deleted by themselves: the classes have no primary
 * key. The key of a job holds its queue, its priority and its time, so jOOQ's {@code store()} would
 * insert a second row with the same id where one of them was set.
 */
// jOOQ generates no nullness annotations: a column's value is null when it was not fetched.
@NullUnmarked
package dev.qg.jooq;

import org.jspecify.annotations.NullUnmarked;
