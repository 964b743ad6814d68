package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.TestDatabase;
import java.util.List;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is run for each job is prepared on the server from its first use on a connection. */
class PreparedStatementsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void areThoseOfLockingEndingAndUnlocking() {
    HikariDataSource pool = db.pool(1);
    try (Qg qg = Qg.create(pool)) {
      db.enqueue("Deleted");
      db.enqueue("Failed");
      assertThat(prepared(pool)).isEmpty();

      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        job.delete();
      }
      assertThat(prepared(pool)).hasSize(4);
      assertThat(prepared(pool)).anyMatch(sql -> sql.contains("pg_try_advisory_lock"));
      assertThat(prepared(pool)).anyMatch(sql -> sql.contains("\"last_error\""));
      assertThat(prepared(pool)).anyMatch(sql -> sql.startsWith("delete from \"que_jobs\""));
      assertThat(prepared(pool)).anyMatch(sql -> sql.contains("pg_advisory_unlock"));

      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        job.error("broken");
      }
      assertThat(prepared(pool)).hasSize(5).anyMatch(sql -> sql.startsWith("update \"que_jobs\""));
    }
  }

  @Test
  void includesAnInsertThatComesOftenOnAConnection() {
    HikariDataSource pool = db.pool(1);
    try (Qg qg = Qg.create(pool)) {
      for (int i = 0; i < 5; i++) {
        qg.enqueue(Job.of("MyJob"));
      }
      assertThat(prepared(pool)).hasSize(1).allMatch(sql -> sql.startsWith("insert into"));
    }
  }

  @Test
  void areNoneWhereTheDriverWasToldToPrepareNone() {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(db.url() + (db.url().contains("?") ? "&" : "?") + "prepareThreshold=0");
    config.setMaximumPoolSize(1);
    HikariDataSource pool = db.closeLater(new HikariDataSource(config));
    try (Qg qg = Qg.create(pool)) {
      for (int i = 0; i < 10; i++) {
        qg.enqueue(Job.of("MyJob"));
        try (LockedJob job = qg.lockJob("").orElseThrow()) {
          job.delete();
        }
      }
      assertThat(prepared(pool)).isEmpty();
    }
  }

  private static List<String> prepared(HikariDataSource pool) {
    return DSL
        .using(pool, SQLDialect.POSTGRES)
        .fetch("select statement from pg_prepared_statements where not from_sql")
        .into(String.class)
        .stream()
        .filter(sql -> !sql.contains("pg_prepared_statements"))
        .toList();
  }
}
