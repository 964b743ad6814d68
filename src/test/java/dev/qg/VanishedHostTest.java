package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Host;
import dev.qg.fixture.Jvm;
import dev.qg.fixture.OwnServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.SQLDialect;
import org.jooq.Table;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a host has held that vanished without a word, others do soon: its jobs, also where they need
 * a row that its handlers have written.
 */
@Tag("system")
class VanishedHostTest {

  /** With the default settings. */
  private static final Duration PROMISED = Duration.ofSeconds(30);

  /** To be seen how late it is, if it is. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Duration TO_STOP = Duration.ofSeconds(5);

  private static final int SHORT_JOBS = 400;

  private static final Table<?> ACCOUNTS = DSL.table(DSL.name("accounts"));
  private static final Field<Integer> ID = DSL.field(DSL.name("id"), SQLDataType.INTEGER);
  private static final Field<Integer> BALANCE = DSL.field(DSL.name("balance"), SQLDataType.INTEGER);

  @TempDir private Path directory;

  /** How a host works. */
  enum Kind {
    POOL(false),
    POOL_THAT_WRITES(true),
    WORKERS_THAT_WRITE(true);

    /** Whether the handlers write before they wait for something. */
    private final boolean writes;

    Kind(boolean writes) {
      this.writes = writes;
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavesItsJobsToOthers(Kind kind) throws Exception {
    try (Host host = Host.connected();
        OwnServer server = OwnServer.startIn(directory, settingsFor(host));
        HikariDataSource dataSource = dataSource(server.url());
        Qg qg = Qg.create(dataSource)) {
      DSLContext ctx = DSL.using(dataSource, SQLDialect.POSTGRES);
      ctx.execute("create table accounts (id int primary key, balance int not null default 0)");
      ctx.execute("insert into accounts select generate_series(0, 20)");
      qg.enqueue(Job.of("Hold").withPriority(1));
      qg.enqueue(Job.of("Write").withPriority(1));
      qg.enqueueAll(Collections.nCopies(SHORT_JOBS, Job.of("Short")));
      String url = server.url().replace("127.0.0.1", host.address());
      try (Jvm vanishing =
          Jvm.of(Vanishing.class).startedBy(host.launcher()).start(kind.name(), url)) {
        vanishing.awaitLine("Hold").awaitLine("Write").awaitLine("Short");
        Runnable stop = startSurvivor(kind, qg);
        try {
          await().until(() -> ctx.fetchCount(QUE_JOBS) < SHORT_JOBS * 3 / 4);
          host.vanish();
          Duration time = timeUntilAllIsDone(ctx);
          System.out.printf(
              "A vanished host's jobs were worked after %.1f s (%s)%n",
              time.toMillis() / 1000.0, kind);
          assertThat(time).isLessThan(PROMISED);
        } finally {
          stop.run();
        }
      }
      assertThat(ctx.select(DSL.sum(BALANCE)).from(ACCOUNTS).fetchSingle().value1().intValue())
          .as("each job has written once")
          .isEqualTo(SHORT_JOBS + 2);
    }
  }

  private static Duration timeUntilAllIsDone(DSLContext ctx) {
    long start = System.nanoTime();
    await("all is done").atMost(PATIENCE).until(() -> ctx.fetchCount(QUE_JOBS) == 0);
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private Map<String, String> settingsFor(Host host) throws IOException {
    Path rules = directory.resolve("rules");
    Files.writeString(
        rules, "host all all 127.0.0.1/32 trust\nhost all all " + host.network() + " trust\n");
    return Map.of("listen_addresses", "127.0.0.1," + host.address(), "hba_file", rules.toString());
  }

  private static HikariDataSource dataSource(String url) {
    HikariDataSource dataSource = new HikariDataSource();
    dataSource.setJdbcUrl(url);
    return dataSource;
  }

  private static void credit(DSLContext ctx, int account) {
    ctx.update(ACCOUNTS).set(BALANCE, BALANCE.plus(1)).where(ID.eq(account)).execute();
  }

  /** Many a host vanishes while the server runs something for it. */
  private static void workShortly(LockedJob job) {
    int account = ThreadLocalRandom.current().nextInt(2, 21);
    credit(job.tx(), account);
    job.tx().fetch("select pg_sleep(0.02)");
  }

  /** Works short jobs, holds two that never end, and tells what it does. */
  static final class Vanishing {

    private Vanishing() {}

    public static void main(String[] args) {
      Kind kind = Kind.valueOf(args[0]);
      WorkMap map =
          WorkMap.builder()
              .add("Hold", job -> hold("Hold"))
              .add(
                  "Write",
                  job -> {
                    if (kind.writes) {
                      credit(job.tx(), 1);
                    }
                    hold("Write");
                  })
              .add(
                  "Short",
                  job -> {
                    System.out.println("Short");
                    if (kind.writes) {
                      workShortly(job);
                    } else {
                      hold("Short");
                    }
                  })
              .build();
      start(kind, 6, Qg.create(dataSource(args[1])), map);
    }

    private static void hold(String what) throws InterruptedException {
      System.out.println(what);
      new CountDownLatch(1).await();
    }
  }

  /** Has another host do everything, and returns what stops it. */
  private static Runnable startSurvivor(Kind kind, Qg qg) {
    return start(
        kind,
        2,
        qg,
        WorkMap.builder()
            .add("Hold", job -> credit(job.tx(), 0))
            .add("Write", job -> credit(job.tx(), 1))
            .add("Short", VanishedHostTest::workShortly)
            .build());
  }

  private static Runnable start(Kind kind, int threads, Qg qg, WorkMap map) {
    if (kind != Kind.WORKERS_THAT_WRITE) {
      WorkerPool pool = WorkerPool.builder(qg, map).count(threads).build();
      pool.start();
      return () -> pool.shutdown(TO_STOP);
    }
    List<Worker> workers =
        Stream.generate(() -> Worker.builder(qg, map).build()).limit(threads).toList();
    workers.forEach(worker -> new Thread(worker::work).start());
    return () -> workers.forEach(worker -> worker.shutdown(TO_STOP));
  }
}
