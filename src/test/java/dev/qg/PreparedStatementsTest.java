package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
      assertThat(prepared(pool)).hasSize(5);
      assertThat(prepared(pool)).anyMatch(sql -> sql.contains("pg_try_advisory_lock"));
      assertThat(prepared(pool)).anyMatch(sql -> sql.contains("\"last_error\""));
      assertThat(prepared(pool)).anyMatch(Sql::deletes);
      assertThat(prepared(pool)).anyMatch(sql -> sql.contains("pg_advisory_unlock"));

      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        job.error("broken");
      }
      assertThat(prepared(pool)).hasSize(7).anyMatch(Sql::retries);
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
    HikariDataSource pool = db.pool(1, "prepareThreshold=0");
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

  /** The driver prepares single statements anew by itself, but not several in one string. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "alter table que_jobs alter last_error type varchar",
        "do $$ begin execute 'deallocate all'; end $$"
      })
  void failOnceWhereTheServerCannotUseThemAnyMore(String change) {
    AtomicInteger runs = new AtomicInteger();
    AtomicInteger locks = new AtomicInteger();
    DataSource changed =
        Intercept.before(
            db.pool(1),
            (connection, sql) -> {
              if (Sql.locks(sql) && locks.incrementAndGet() == 2) {
                boolean anybodys = change.startsWith("alter");
                DSL.using(anybodys ? db.connect() : connection).execute(change);
              }
            });
    db.enqueue("A");
    db.enqueue("A");
    try (Qg qg = Qg.create(changed)) {
      Worker worker = Worker.builder(qg, WorkMap.of("A", job -> runs.incrementAndGet())).build();
      assertThat(worker.workOne()).isTrue();
      assertThatThrownBy(worker::workOne).isInstanceOf(DataAccessException.class);
      await().untilAsserted(() -> assertThat(db.advisoryLocks()).isZero());
      assertThat(worker.workOne()).isTrue();
    }
    assertThat(runs).hasValue(2);
    assertThat(db.jobs()).isEmpty();
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
