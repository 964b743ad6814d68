package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/** A pool goes on where it can't even say what has failed, as without memory. */
class FailingLogsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
  private final AtomicInteger failures = new AtomicInteger();

  /** The name of a thread that can't log at some levels. */
  private volatile @Nullable String silenced;

  /** Which ones. */
  private volatile Predicate<Level> unable = level -> true;

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
          String thread = Thread.currentThread().getName();
          boolean isOurs = thread.startsWith("qg-") && level == Level.ERROR;
          boolean isSilenced =
              thread.equals(silenced)
                  && logger.getName().startsWith("dev.qg")
                  && unable.test(level);
          if (isOurs || isSilenced) {
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

  @Test
  void theOneThatEndsJobsGivesAllOfThemBackAlthoughItCanNotTellOfAny() {
    int jobs = 20;
    CountDownLatch run = new CountDownLatch(jobs);
    db.qg().enqueueAll(Collections.nCopies(jobs, Job.of("Do")));
    Qg qg =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (Sql.deletes(sql)) {
                    awaitAll(run);
                  }
                }));
    silenced = "qg-silent-finisher";
    try (WorkerPool pool =
        WorkerPool.builder(qg, WorkMap.of("Do", job -> run.countDown())).name("silent").build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
      await().until(() -> db.advisoryLocks() == 0);
    }
    assertThat(failures.get()).isGreaterThan(1);
  }

  @Test
  void jobsAreStartedAgainAlthoughTheEndThatEndsAnOutageCanNotBeTold() {
    silenced = "qg-silent-finisher";
    try (WorkerPool pool =
        WorkerPool.builder(failing(1, Sql::deletes), WorkMap.of("Do", job -> {}))
            .name("silent")
            .interval(Duration.ofMillis(50))
            .build()) {
      pool.start();
      for (int i = 0; i < 3; i++) {
        db.enqueue("Do");
        await().until(() -> db.jobs().isEmpty());
      }
    }
    assertThat(failures.get()).isPositive();
  }

  @Test
  void whatCanNotBeToldOfOneJobDoesNotMakeItsOwnOfAnother() {
    List<Job> others = List.of(Job.of("Do"), Job.of("Do"), Job.of("Fail"), Job.of("Fail"));
    CountDownLatch run = new CountDownLatch(others.size());
    AtomicReference<WorkerPool> working = new AtomicReference<>();
    AtomicBoolean first = new AtomicBoolean(true);
    Qg qg =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (Sql.deletes(sql) && first.getAndSet(false)) {
                    db.qg().enqueueAll(others);
                    awaitAll(run);
                    await().until(() -> working.get().snapshot().running() == 0);
                    // As where the locks were lost for a moment, and others have had the jobs.
                    db.ctx().deleteFrom(QUE_JOBS).where(QUE_JOBS.JOB_CLASS.eq("Fail")).execute();
                  }
                }));
    WorkMap map =
        WorkMap.builder()
            .add("First", job -> {})
            .add("Do", job -> run.countDown())
            .add(
                "Fail",
                job -> {
                  run.countDown();
                  throw new IllegalStateException("the handler's own");
                })
            .build();
    silenced = "qg-silent-finisher";
    unable = level -> level == Level.DEBUG;
    try (WorkerPool pool =
        WorkerPool.builder(qg, map).name("silent").interval(Duration.ofMillis(50)).build()) {
      working.set(pool);
      pool.start();
      db.enqueue("First");
      await().until(() -> db.jobs().isEmpty() && db.advisoryLocks() == 0);
      await().until(() -> pool.snapshot().lost() == 2);
      assertThat(pool.snapshot().failed()).isZero();
    }
    assertThat(failures.get()).isGreaterThan(1);
  }

  @Test
  void aJobThatIsDoneIsNoFailureAlthoughThatCanNotBeTold() {
    silenced = "qg-silent-1";
    unable = level -> level == Level.DEBUG;
    List<LockedJob> failed = new CopyOnWriteArrayList<>();
    JobHooks hooks =
        new JobHooks() {
          @Override
          public void onFailure(LockedJob job, Throwable error) {
            failed.add(job);
          }
        };
    Effects.createTable(db.ctx());
    db.enqueue("Do");
    try (WorkerPool pool =
        WorkerPool.builder(
                Qg.builder(db.dataSource()).hooks(hooks).build(),
                WorkMap.of("Do", job -> Effects.write(job.tx(), "done")))
            .name("silent")
            .count(1)
            .build()) {
      pool.start();
      await().until(() -> failures.get() > 0);
      await().until(() -> pool.snapshot().running() == 0 && db.advisoryLocks() == 0);
      await().until(() -> pool.snapshot().worked() == 1);
      assertThat(pool.snapshot().lost()).isZero();
    }
    assertThat(failed).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("done");
  }

  @Test
  void theLossOfTheLocksIsToldAsSoonAsItCanBe() {
    silenced = "qg-silent-locker";
    AtomicBoolean once = new AtomicBoolean(true);
    unable = level -> level == Level.WARN && once.getAndSet(false);
    CountDownLatch running = new CountDownLatch(1);
    AtomicInteger interrupts = new AtomicInteger();
    WorkMap map =
        WorkMap.of(
            "Do",
            job -> {
              running.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                interrupts.incrementAndGet();
              }
            });
    long id = db.enqueue("Do");
    try (WorkerPool pool = WorkerPool.builder(db.qg(), map).name("silent").build()) {
      pool.start();
      awaitAll(running);
      db.ctx().execute("select pg_terminate_backend(?)", db.qg().working().get(0).pid());
      await().until(() -> db.jobs().isEmpty());
      await().until(() -> !logs.alarms("lock_session_lost").isEmpty());
    }
    assertThat(interrupts).as("of job %s", id).hasPositiveValue();
    assertThat(once).isFalse();
  }

  /** So that what ends jobs has many of them at a time. */
  private static void awaitAll(CountDownLatch run) {
    try {
      assertThat(run.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Qg failing(int times, Predicate<String> statement) {
    AtomicInteger calls = new AtomicInteger();
    return Qg.create(
        Intercept.before(
            db.dataSource(),
            (connection, sql) -> {
              if (statement.test(sql) && calls.incrementAndGet() <= times) {
                throw new SQLException("too many", "53300");
              }
            }));
  }

  private void worksAllAlthoughThisFailsTwice(Predicate<String> statement) {
    db.enqueue("Do");
    try (WorkerPool pool =
        WorkerPool.builder(failing(2, statement), WorkMap.of("Do", job -> {})).build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(failures.get()).isPositive();
  }
}
