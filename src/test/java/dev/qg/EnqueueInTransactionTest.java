package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jooq.Configuration;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.exception.DetachedException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;

/** A job that is enqueued in a caller's transaction shares its fate. */
class EnqueueInTransactionTest {

  /** The three ways to hand the transaction over, for one job and for several. */
  enum Way {
    CONTEXT {
      @Override
      void enqueue(Qg qg, Configuration tx) {
        qg.enqueue(DSL.using(tx), JOB);
      }
    },
    CONFIGURATION {
      @Override
      void enqueue(Qg qg, Configuration tx) {
        qg.enqueue(tx, JOB);
      }
    },
    CONNECTION {
      @Override
      void enqueue(Qg qg, Configuration tx) {
        DSL.using(tx).connection(connection -> qg.enqueue(connection, JOB));
      }
    },
    ALL_BY_CONTEXT {
      @Override
      void enqueue(Qg qg, Configuration tx) {
        qg.enqueueAll(DSL.using(tx), List.of(JOB));
      }
    },
    ALL_BY_CONFIGURATION {
      @Override
      void enqueue(Qg qg, Configuration tx) {
        qg.enqueueAll(tx, List.of(JOB));
      }
    },
    ALL_BY_CONNECTION {
      @Override
      void enqueue(Qg qg, Configuration tx) {
        DSL.using(tx).connection(connection -> qg.enqueueAll(connection, List.of(JOB)));
      }
    };

    private static final Job JOB = Job.of("MyJob");

    abstract void enqueue(Qg qg, Configuration tx);
  }

  private static final class Rollback extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @ParameterizedTest
  @EnumSource
  void isThereForAllAfterTheCommitAndForItsTransactionBefore(Way way) {
    db.ctx()
        .transaction(
            tx -> {
              way.enqueue(db.qg(), tx);

              assertThat(DSL.using(tx).fetchCount(QUE_JOBS)).isEqualTo(1);
              assertThat(db.jobs()).isEmpty();
              assertThat(db.qg().lockJob("")).isEmpty();
            });

    assertThat(db.jobs()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void isGoneAfterTheRollback(Way way) {
    Rollback rollback = new Rollback();

    assertThatThrownBy(
            () ->
                db.ctx()
                    .transaction(
                        tx -> {
                          way.enqueue(db.qg(), tx);
                          assertThat(DSL.using(tx).fetchCount(QUE_JOBS)).isEqualTo(1);
                          throw rollback;
                        }))
        .isSameAs(rollback);

    assertThat(db.jobs()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void isGoneWithTheNestedTransactionAlone(Way way) {
    List<Long> kept = new ArrayList<>();

    db.ctx()
        .transaction(
            outer -> {
              DSLContext tx = DSL.using(outer);
              kept.add(db.qg().enqueue(tx, Job.of("Before")));
              assertThatThrownBy(
                      () ->
                          tx.transaction(
                              inner -> {
                                way.enqueue(db.qg(), inner);
                                throw new Rollback();
                              }))
                  .isInstanceOf(Rollback.class);
              tx.transaction(inner -> kept.add(db.qg().enqueue(inner, Job.of("Nested"))));
              kept.add(db.qg().enqueue(tx, Job.of("After")));
            });

    assertThat(db.jobs())
        .extracting(QueJobsRecord::getJobId)
        .containsExactlyInAnyOrderElementsOf(kept);
  }

  @Test
  void neitherCommitsNorEndsATransactionOfPlainJdbc() throws Exception {
    try (Connection connection = db.dataSource().getConnection()) {
      connection.setAutoCommit(false);
      db.qg().enqueue(connection, Job.of("MyJob"));
      db.qg().enqueueAll(connection, List.of(Job.of("MyJob"), Job.of("MyJob")));
      assertThat(connection.getAutoCommit()).isFalse();
      assertThat(db.jobs()).isEmpty();
      connection.rollback();
      assertThat(db.jobs()).isEmpty();

      db.qg().enqueue(connection, Job.of("MyJob"));
      connection.commit();
      assertThat(db.jobs()).hasSize(1);
      assertThat(connection.isClosed()).isFalse();
    }
  }

  @Test
  void commitsByItselfWhereTheCallerIsInNoTransaction() throws Exception {
    db.qg().enqueue(db.ctx(), Job.of("MyJob"));
    db.qg().enqueue(db.ctx().configuration(), Job.of("MyJob"));
    try (Connection connection = db.dataSource().getConnection()) {
      db.qg().enqueue(connection, Job.of("MyJob"));
      db.qg().enqueueAll(connection, List.of(Job.of("MyJob"), Job.of("MyJob")));
      assertThat(connection.getAutoCommit()).isTrue();
      assertThat(connection.isClosed()).isFalse();
    }

    assertThat(db.jobs()).hasSize(5);
  }

  @Test
  void letsTheErrorsOfTheCallersTransactionPass() {
    List<Throwable> thrown = new ArrayList<>();

    Throwable received =
        catchThrowable(
            () ->
                db.ctx()
                    .transaction(
                        tx -> {
                          db.qg().enqueue(tx, Job.of("MyJob"));
                          try {
                            DSL.using(tx).execute("select 1 / 0");
                          } catch (DataAccessException e) {
                            thrown.add(e);
                            throw e;
                          }
                        }));

    assertThat(thrown).hasSize(1);
    assertThat(received).isSameAs(thrown.get(0)).hasNoSuppressedExceptions();
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void tellsWhatTheDatabaseRefusedWithItsSqlState() {
    db.ctx()
        .transaction(
            tx -> {
              DSLContext ctx = DSL.using(tx);
              assertThatThrownBy(
                      () ->
                          ctx.transaction(
                              nested -> {
                                assertThatThrownBy(() -> DSL.using(nested).execute("select 1 / 0"))
                                    .isInstanceOf(DataAccessException.class);
                                db.qg().enqueue(nested, Job.of("MyJob"));
                              }))
                  .isInstanceOfSatisfying(
                      DataAccessException.class, e -> assertThat(e.sqlState()).isEqualTo("25P02"));
            });
  }

  static List<DSLContext> withoutJdbc() {
    ConnectionFactory r2dbc =
        new ConnectionFactory() {
          @Override
          public Publisher<? extends io.r2dbc.spi.Connection> create() {
            throw new AssertionError("There is nothing to connect to");
          }

          @Override
          public ConnectionFactoryMetadata getMetadata() {
            return () -> "PostgreSQL";
          }
        };
    return List.of(DSL.using(SQLDialect.POSTGRES), DSL.using(r2dbc, SQLDialect.POSTGRES));
  }

  @ParameterizedTest
  @MethodSource("withoutJdbc")
  void needsAJdbcConnection(DSLContext ctx) {
    Job job = Job.of("MyJob");
    List<ThrowingCallable> calls =
        List.of(
            () -> db.qg().enqueue(ctx, job),
            () -> db.qg().enqueue(ctx.configuration(), job),
            () -> db.qg().enqueueAll(ctx, List.of(job)),
            () -> db.qg().revive(ctx, List.of(1L)),
            () -> TestJobs.inject(db.qg(), ctx, job));

    for (ThrowingCallable call : calls) {
      assertThatThrownBy(call)
          .isInstanceOf(DetachedException.class)
          .hasMessageContainingAll("no JDBC connection", "R2DBC", "DataSource");
    }
  }
}
