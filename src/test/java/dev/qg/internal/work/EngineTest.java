package dev.qg.internal.work;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.InThread;
import dev.qg.fixture.TestDatabase;
import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.Statements;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class EngineTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  /** Some threads are made by then, and none is started. */
  @Test
  void aShutdownHasNothingToWaitForWhereNotAllThreadsCouldBeMade() {
    ThreadFactory failing =
        work -> {
          throw new OutOfMemoryError("forced");
        };
    Engine engine =
        new Engine(
            new Connections(db.dataSource()),
            Statements.of(null),
            Held.NONE,
            new Runner(type -> null),
            new WakeUps(),
            new Engine.Settings(List.of(""), Duration.ofSeconds(5), "test", 2, failing, 100, true));

    assertThatThrownBy(engine::start).isInstanceOf(OutOfMemoryError.class);
    InThread.start("shutdown", () -> engine.shutdown(Timings.NO_LIMIT)).join();
  }
}
