/**
 * The tables of the job queue as jOOQ classes, generated from the migrations: for queries of your
 * own about jobs.
 */
// jOOQ generates no nullness annotations: a column's value is null when it was not fetched.
@NullUnmarked
package dev.qg.jooq;

import org.jspecify.annotations.NullUnmarked;
