package dev.qg.internal.sql;

import java.time.Duration;

/** A failure to be recorded, and after how long the job is due again. */
public record Retry(JobKey key, Duration delay, String error) {}
