package dev.qg.bench;

/** What scenarios are made of. */
public record Setting(Database database, Options options) {}
