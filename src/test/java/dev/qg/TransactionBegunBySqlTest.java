package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.JobNotice;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A transaction that was begun by SQL, on a connection in auto-commit mode, is the caller's as any
 * other: jobs share its fate.
 */
class TransactionBegunBySqlTest {

  private static final Job JOB = Job.of("MyJob");
  private static final long DEAD = -7;

  /** Each way to put jobs into the table, on a connection that shows or hides the driver's. */
  enum Way {
    ENQUEUE {
      @Override
      void put(Qg qg, Connection connection) {
        qg.enqueue(connection, JOB);
      }
    },
    ENQUEUE_ALL {
      @Override
      void put(Qg qg, Connection connection) {
        qg.enqueueAll(connection, List.of(JOB, JOB.withQueue("q")));
      }
    },
    COPY {
      @Override
      void put(Qg qg, Connection connection) {
        qg.enqueueAll(connection, Collections.nCopies(600, JOB));
      }
    },
    BY_CONTEXT {
      @Override
      void put(Qg qg, Connection connection) {
        qg.enqueueAll(DSL.using(connection), List.of(JOB, JOB));
      }
    },
    BY_CONFIGURATION {
      @Override
      void put(Qg qg, Connection connection) {
        qg.enqueueAll(DSL.using(connection).configuration(), List.of(JOB, JOB));
      }
    },
    REVIVE {
      @Override
      void put(Qg qg, Connection connection) {
        assertThat(qg.revive(DSL.using(connection), List.of(DEAD))).isEqualTo(1);
      }
    },
    HIDDEN_ENQUEUE {
      @Override
      void put(Qg qg, Connection connection) {
        qg.enqueue(Intercept.opaque(connection), JOB);
      }
    },
    HIDDEN_ENQUEUE_ALL {
      @Override
      void put(Qg qg, Connection connection) {
        qg.enqueueAll(Intercept.opaque(connection), Collections.nCopies(600, JOB));
      }
    },
    HIDDEN_REVIVE {
      @Override
      void put(Qg qg, Connection connection) {
        assertThat(qg.revive(DSL.using(Intercept.opaque(connection)), List.of(DEAD))).isEqualTo(1);
      }
    };

    abstract void put(Qg qg, Connection connection);
  }

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final List<JobNotice> told = new ArrayList<>();

  @BeforeEach
  void createTablesAndHear() {
    Effects.createTable(db.ctx());
    db.ctx()
        .insertInto(QG_DEAD_JOBS)
        .set(QG_DEAD_JOBS.JOB_ID, DEAD)
        .set(QG_DEAD_JOBS.PRIORITY, (short) 1)
        .set(QG_DEAD_JOBS.RUN_AT, DSL.currentOffsetDateTime())
        .set(QG_DEAD_JOBS.JOB_CLASS, "MyJob")
        .set(QG_DEAD_JOBS.ARGS, JSON.json("[]"))
        .set(QG_DEAD_JOBS.ERROR_COUNT, 1)
        .set(QG_DEAD_JOBS.QUEUE, "")
        .execute();
    db.qg().core().wakeUps.register(told::add);
  }

  @ParameterizedTest
  @EnumSource
  void isRolledBackWithItsJobs(Way way) throws SQLException {
    try (Connection connection = db.dataSource().getConnection()) {
      DSLContext ctx = DSL.using(connection, SQLDialect.POSTGRES);
      ctx.execute("begin");
      Effects.write(ctx, "order");

      way.put(db.qg(), connection);

      assertThat(ctx.fetchCount(QUE_JOBS)).isPositive();
      assertThat(Effects.notes(db.ctx())).as("what others see").isEmpty();
      assertThat(db.jobs()).as("jobs that others see").isEmpty();
      ctx.execute("rollback");
      assertThat(connection.getAutoCommit()).isTrue();
    }
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).isEmpty();
    assertThat(db.ctx().fetchCount(QG_DEAD_JOBS)).isEqualTo(1);
    assertThat(told).as("wake-ups").isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void isCommittedWithItsJobs(Way way) throws SQLException {
    try (Connection connection = db.dataSource().getConnection()) {
      DSLContext ctx = DSL.using(connection, SQLDialect.POSTGRES);
      ctx.execute("start transaction");
      way.put(db.qg(), connection);
      Effects.write(ctx, "order");
      ctx.execute("commit");
    }

    assertThat(Effects.notes(db.ctx())).containsExactly("order");
    assertThat(db.jobs()).isNotEmpty();
    assertThat(told).as("wake-ups").isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void isUndoneToASavepoint(Way way) throws SQLException {
    try (Connection connection = db.dataSource().getConnection()) {
      DSLContext ctx = DSL.using(connection, SQLDialect.POSTGRES);
      ctx.execute("begin");
      Effects.write(ctx, "order");
      ctx.execute("savepoint a");
      way.put(db.qg(), connection);
      ctx.execute("rollback to savepoint a");
      ctx.execute("commit");
    }

    assertThat(Effects.notes(db.ctx())).containsExactly("order");
    assertThat(db.jobs()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void staysFailedIfItHasFailed(Way way) throws SQLException {
    try (Connection connection = db.dataSource().getConnection()) {
      DSLContext ctx = DSL.using(connection, SQLDialect.POSTGRES);
      ctx.execute("begin");
      Effects.write(ctx, "order");
      assertThatThrownBy(() -> ctx.execute("select 1 / 0")).isInstanceOf(DataAccessException.class);

      assertThatThrownBy(() -> way.put(db.qg(), connection))
          .isInstanceOfSatisfying(
              DataAccessException.class, e -> assertThat(e.sqlState()).isEqualTo("25P02"));

      assertThatThrownBy(() -> ctx.execute("select 1"))
          .as("the transaction is still failed")
          .isInstanceOf(DataAccessException.class);
      ctx.execute("rollback");
    }
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void isNotSeenWhereThereIsNone(Way way) throws SQLException {
    try (Connection connection = db.dataSource().getConnection()) {
      way.put(db.qg(), connection);

      assertThat(db.jobs()).isNotEmpty();
      assertThat(told).as("wake-ups").isNotEmpty();
      assertThat(connection.getAutoCommit()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void isNotSeenWhereAutoCommitIsOff(Way way) throws SQLException {
    try (Connection connection = db.dataSource().getConnection()) {
      connection.setAutoCommit(false);
      way.put(db.qg(), connection);
      assertThat(db.jobs()).isEmpty();
      connection.rollback();
      way.put(db.qg(), connection);
      connection.commit();
    }
    assertThat(db.jobs()).isNotEmpty();
  }

  @Test
  void isTheOneOfASynchronousJob() throws SQLException {
    try (Qg synchronous =
            Qg.builder(db.dataSource())
                .synchronous(
                    WorkMap.of(
                        "MyJob",
                        job -> {
                          Effects.write(job.tx(), "effect");
                          job.tx().transaction(tx -> Effects.write(tx.dsl(), "nested"));
                        }))
                .build();
        Connection connection = db.dataSource().getConnection()) {
      DSLContext ctx = DSL.using(connection, SQLDialect.POSTGRES);
      ctx.execute("begin");

      synchronous.enqueue(connection, JOB);
      synchronous.enqueueAll(ctx, List.of(JOB, JOB));
      assertThatThrownBy(() -> synchronous.enqueue(connection, Job.of("Unknown")))
          .isInstanceOf(QgException.class);

      assertThat(Effects.notes(ctx)).hasSize(6);
      assertThat(Effects.notes(db.ctx())).isEmpty();
      ctx.execute("rollback");
    }
    assertThat(Effects.notes(db.ctx())).isEmpty();
  }

  @Test
  void isTheOneOfAnInjectedJob() throws SQLException {
    try (Connection connection = db.dataSource().getConnection()) {
      DSLContext ctx = DSL.using(connection, SQLDialect.POSTGRES);
      ctx.execute("begin");

      try (LockedJob failing = TestJobs.inject(db.qg(), ctx, JOB)) {
        Effects.write(failing.tx(), "undone");
        failing.error("later");
      }
      try (LockedJob job = TestJobs.inject(db.qg(), ctx, JOB)) {
        Effects.write(job.tx(), "effect");
        job.delete();
      }

      assertThat(Effects.notes(ctx)).containsExactly("effect");
      assertThat(ctx.fetchCount(QUE_JOBS)).isEqualTo(1);
      assertThat(db.qg().stats(ctx)).hasSize(1);
      assertThat(db.qg().working(ctx)).isEmpty();
      assertThat(db.jobs()).isEmpty();
      ctx.execute("rollback");
    }
    assertThat(db.jobs()).isEmpty();
  }
}
