package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.sql.Connection;
import java.util.concurrent.atomic.AtomicReference;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a handler does with its job's connection, its writes and the deletion stay one. */
class HandlersConnectionTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @BeforeEach
  void enqueue() {
    Effects.createTable(db.ctx());
    db.enqueue("Write");
  }

  @ParameterizedTest
  @EnumSource
  void isNotClosedByHabit(Way way) throws Exception {
    work(
        way,
        job -> {
          try (Connection connection = job.connection()) {
            Effects.write(DSL.using(connection, SQLDialect.POSTGRES), "one");
          }
          job.tx()
              .connection(
                  connection -> {
                    try (connection) {
                      Effects.write(DSL.using(connection, SQLDialect.POSTGRES), "two");
                    }
                  });
        });
    assertThat(Effects.notes(db.ctx())).containsExactly("one", "two");
    assertThat(db.jobs()).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void isNotCommittedOrRolledBackByTheHandler(Way way) throws Exception {
    work(
        way,
        job -> {
          Connection connection = job.connection();
          Effects.write(job.tx(), "undone");
          assertRefused(connection::commit, "commit");
          assertRefused(connection::rollback, "rollback");
          assertRefused(() -> connection.setAutoCommit(true), "setAutoCommit");
          assertRefused(() -> connection.abort(Runnable::run), "abort");
          connection.rollback(connection.setSavepoint());
          throw new IllegalStateException("no");
        });
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs())
        .singleElement()
        .returns(1, job -> job.getErrorCount())
        .matches(job -> job.getLastError().startsWith("java.lang.IllegalStateException: no\n"));
  }

  @ParameterizedTest
  @EnumSource
  void isOfNoUseAfterTheJob(Way way) throws Exception {
    AtomicReference<Connection> kept = new AtomicReference<>();
    work(way, job -> kept.set(job.connection()));
    assertThatThrownBy(() -> kept.get().createStatement())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("DONE");
    assertThat(kept.get()).isEqualTo(kept.get());
  }

  @ParameterizedTest
  @EnumSource
  void isNotOneThatTheHandlerTakesItselfAndNeverGivesBack(Way way) throws Exception {
    db.enqueue("Other");
    db.enqueue("Other");
    // As many as they need, and one more.
    HikariDataSource dataSource = db.pool(way == Way.POOL ? 5 : 2);
    WorkMap map =
        WorkMap.builder()
            .add(
                "Write",
                job -> {
                  Connection leaked = dataSource.getConnection();
                  leaked.setAutoCommit(false);
                  Effects.write(DSL.using(leaked, SQLDialect.POSTGRES), "leaked");
                  Effects.write(job.tx(), "kept");
                })
            .add("Other", job -> Effects.write(job.tx(), "other"))
            .build();
    try (Qg qg = Qg.create(dataSource)) {
      way.start(qg, map, "").during(() -> await().until(() -> db.jobs().isEmpty()));
    }
    assertThat(db.openTransactions()).as("still open").isOne();
    dataSource.close();
    assertThat(Effects.notes(db.ctx())).containsExactly("kept", "other", "other");
    assertThat(db.advisoryLocks()).isZero();
  }

  /** Until the job is done, or has failed. */
  private void work(Way way, WorkFunc function) throws Exception {
    way.start(db.qg(), WorkMap.of("Write", function), "")
        .during(
            () -> await().until(() -> db.jobs().stream().allMatch(job -> job.getErrorCount() > 0)));
  }

  private static void assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String what) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("A handler can't " + what);
  }
}
