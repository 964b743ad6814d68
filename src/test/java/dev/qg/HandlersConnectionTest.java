package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.util.concurrent.atomic.AtomicReference;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whatever a handler does with its job's connection, its writes and the deletion stay one. */
class HandlersConnectionTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @BeforeEach
  void enqueue() {
    Effects.createTable(db.ctx());
    db.enqueue("Write");
  }

  @Test
  void isNotClosedByHabit() {
    work(
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

  @Test
  void isNotCommittedOrRolledBackByTheHandler() {
    work(
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
    assertThat(db.jobs()).singleElement().returns(1, job -> job.getErrorCount());
  }

  @Test
  void isOfNoUseAfterTheJob() {
    AtomicReference<Connection> kept = new AtomicReference<>();
    work(job -> kept.set(job.connection()));
    assertThatThrownBy(() -> kept.get().createStatement())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("DONE");
    assertThat(kept.get()).isEqualTo(kept.get());
  }

  private void work(WorkFunc function) {
    assertThat(Worker.builder(db.qg(), WorkMap.of("Write", function)).build().workOne()).isTrue();
  }

  private static void assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String what) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("A handler can't " + what);
  }
}
