package dev.qg.internal.sql;

import org.jooq.JSON;
import org.jspecify.annotations.Nullable;

/** A row of {@code que_jobs} as it was read. */
public record JobRow(
    JobKey key, String type, JSON args, int errorCount, @Nullable String lastError) {}
