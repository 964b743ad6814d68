/** A transactional job queue for applications that use jOOQ and PostgreSQL. */
@SuppressWarnings("opens") // qg.migration is SQL only: for the compiler, an empty package
module dev.qg {
  requires transitive java.sql;
  requires transitive org.jooq;
  requires org.postgresql.jdbc;
  requires org.slf4j;
  requires static org.jspecify;
  // The driver and jOOQ are annotated with these, and javac warns about what it can't find.
  requires static jakarta.xml.bind;
  requires static org.checkerframework.checker.qual;

  exports dev.qg;
  exports dev.qg.jooq;
  exports dev.qg.jooq.tables;
  exports dev.qg.jooq.tables.records;

  // A migration tool on the module path reads resources of open packages only.
  opens qg.migration;
}
