package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/** A pool goes on where it can't even say what has failed, as without memory. */
class FailingLogsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
  private final AtomicInteger failures = new AtomicInteger();

  private final TurboFilter failing =
      new TurboFilter() {
        @Override
        public FilterReply decide(
            Marker marker,
            Logger logger,
            Level level,
            String format,
            Object[] values,
            Throwable t) {
          if (level == Level.ERROR && Thread.currentThread().getName().startsWith("qg-")) {
            failures.incrementAndGet();
            throw new OutOfMemoryError("for the text of a message");
          }
          return FilterReply.NEUTRAL;
        }
      };

  @BeforeEach
  void failToLog() {
    context.addTurboFilter(failing);
  }

  @AfterEach
  void logAgain() {
    context.getTurboFilterList().remove(failing);
  }

  @Test
  void theOneThatTakesJobsGoesOn() {
    worksAllAlthoughThisFailsTwice(Sql::locks);
  }

  @Test
  void theOneThatEndsJobsGoesOn() {
    worksAllAlthoughThisFailsTwice(Sql::deletes);
  }

  private void worksAllAlthoughThisFailsTwice(Predicate<String> statement) {
    AtomicInteger calls = new AtomicInteger();
    Qg unlucky =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (statement.test(sql) && calls.incrementAndGet() <= 2) {
                    throw new SQLException("too many", "53300");
                  }
                }));
    db.enqueue("Do");
    try (WorkerPool pool = WorkerPool.builder(unlucky, WorkMap.of("Do", job -> {})).build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(failures.get()).isPositive();
  }
}
