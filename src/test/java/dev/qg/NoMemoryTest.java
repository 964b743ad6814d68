package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Gate;
import dev.qg.fixture.Jvm;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A handler that fills the heap fails, and whatever that does to others, no job is lost by it. */
@Tag("slow")
class NoMemoryTest {

  private static final int GREEDY = 20;
  private static final int MODEST = 2_000;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  @Timeout(300)
  void aPoolGoesOnWhoseHandlersTakeAllMemory() throws Exception {
    Effects.createTable(db.ctx());
    List<Long> ids;
    Gate gate = Gate.closed(db);
    try (Jvm jvm = Jvm.of(Child.class).options("-Xmx64m").start(db.url())) {
      // From then on it needs no memory to wait.
      gate.awaitSomebody();
      List<Job> jobs = new ArrayList<>(Collections.nCopies(MODEST, Job.of("Modest")));
      for (int i = 0; i < GREEDY; i++) {
        jobs.add(i * (MODEST / GREEDY), Job.of("Greedy"));
      }
      db.qg().enqueueAll(jobs);
      ids = db.jobs().stream().map(job -> job.getJobId()).toList();

      await("all is done")
          .atMost(Duration.ofMinutes(4))
          .until(() -> db.jobs().isEmpty() || !jvm.isAlive());
      gate.open();
      assertThat(jvm.awaitEnd()).as(String.join("\n", jvm.lines())).isZero();
    }
    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx()))
        .containsExactlyInAnyOrderElementsOf(ids.stream().map(String::valueOf).toList());
  }

  /** A program that works all jobs with a pool, in a small heap. */
  static final class Child {

    private Child() {}

    public static void main(String[] args) {
      HikariConfig config = new HikariConfig();
      config.setJdbcUrl(args[0]);
      config.setMaximumPoolSize(10);
      RetryPolicy soon = RetryPolicy.builder().delay(failures -> Duration.ofMillis(100)).build();
      try (HikariDataSource dataSource = new HikariDataSource(config);
          Qg qg = Qg.builder(dataSource).retryPolicy(soon).build();
          WorkerPool pool =
              WorkerPool.builder(
                      qg,
                      WorkMap.builder()
                          .add("Modest", job -> Effects.write(job.tx(), "" + job.id()))
                          .add("Greedy", Child::fillTheHeap)
                          .build())
                  .count(6)
                  .interval(Duration.ofMillis(100))
                  .build()) {
        pool.start();
        // Until the parent, who has the memory to look, has seen that all is done.
        Gate.pass(DSL.using(dataSource, SQLDialect.POSTGRES));
        if (FILLED.get() < GREEDY) {
          throw new IllegalStateException("There was memory left but " + FILLED + " times");
        }
      }
    }

    private static final AtomicInteger FILLED = new AtomicInteger();
    private static final List<byte[]> ALL = Collections.synchronizedList(new ArrayList<>());

    private static void fillTheHeap(LockedJob job) {
      Effects.write(job.tx(), "" + job.id());
      if (job.errorCount() == 0) {
        int size = 1 << 20;
        while (true) {
          try {
            ALL.add(new byte[size]);
          } catch (OutOfMemoryError e) {
            // Down to the last bytes, so that others have none either.
            if (size <= 2_048) {
              ALL.clear();
              FILLED.incrementAndGet();
              throw e;
            }
            size /= 2;
          }
        }
      }
    }
  }
}
