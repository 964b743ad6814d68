package dev.qg.internal.sql;

import java.time.OffsetDateTime;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;

/** A job to be inserted; what is null is left to the default of the database's column. */
public record NewJob(
    String type,
    @Nullable String queue,
    @Nullable Short priority,
    @Nullable OffsetDateTime runAt,
    @Nullable JSON args) {}
