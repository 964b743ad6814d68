package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.Jvm;
import dev.qg.fixture.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jooq.Constants;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The settings that jOOQ finds by itself, in a file on the class path or by a system property, are
 * those of the application's own queries. They don't bend our SQL.
 */
class JooqSettingsFileTest {

  /** By names and keywords only: jOOQ fails by itself where it reads a number. */
  private static final String SETTINGS =
      """
      <settings xmlns="%s">
        <renderMapping><defaultSchema>nowhere</defaultSchema></renderMapping>
        <renderNameCase>UPPER</renderNameCase>
        <renderQuotedNames>ALWAYS</renderQuotedNames>
        <renderKeywordCase>UPPER</renderKeywordCase>
        <paramType>NAMED</paramType>
        <statementType>STATIC_STATEMENT</statementType>
      </settings>
      """;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @TempDir Path directory;

  @Test
  void bendsNothingWhereAPropertyNamesIt() throws Exception {
    Path file = write("settings.xml");

    workIn(Jvm.of(Child.class).options("-Dorg.jooq.settings=" + file));
  }

  @Test
  void bendsNothingWhereItIsOnTheClassPath() throws Exception {
    write("jooq-settings.xml");

    workIn(Jvm.of(Child.class).options("-Xbootclasspath/a:" + directory));
  }

  private Path write(String file) throws Exception {
    // Read at run time: each version of jOOQ has its own.
    Object namespace = Constants.class.getField("NS_RUNTIME").get(null);
    return Files.writeString(directory.resolve(file), SETTINGS.formatted(namespace));
  }

  private void workIn(Jvm.Command child) {
    String output = child.run(db.url());

    assertThat(output.lines().filter(line -> line.matches("(default|tx|worked|jobs) .*")))
        .as(output)
        .containsExactly(
            "default UPPER", "jobs 603", "worked One [1] in q", "tx UPPER", "worked Many [2] in ");
    assertThat(db.jobs()).isEmpty();
    assertThat(db.ctx().fetchSingle(QG_DEAD_JOBS).getJobClass()).isEqualTo("Dies");
  }

  /** A program whose jOOQ has these settings. */
  static final class Child {

    private Child() {}

    public static void main(String[] args) throws InterruptedException {
      System.out.println("default " + DSL.using(args[0]).settings().getRenderNameCase());
      PGSimpleDataSource connections = new PGSimpleDataSource();
      connections.setUrl(args[0]);
      RetryPolicy twice = RetryPolicy.builder().delay(Duration.ZERO).maxAttempts(2).build();
      try (Qg qg = Qg.builder(connections).retryPolicy(twice).build()) {
        qg.enqueue(Job.of("One").withArgs("[1]").withQueue("q").withPriority(3));
        qg.enqueueAll(List.of(Job.of("Dies").withQueue("q"), Job.of("Many").withArgs("[2]")));
        qg.enqueueAll(Collections.nCopies(600, Job.of("Many").withArgs("[2]")));
        System.out.println("jobs " + qg.stats().stream().mapToLong(JobStats::count).sum());
        try (LockedJob job = qg.lockJob("q").orElseThrow()) {
          print(job);
          System.out.println("tx " + job.tx().settings().getRenderNameCase());
          job.error("again");
        }
        work(qg);
      }
    }

    private static void work(Qg qg) throws InterruptedException {
      CountDownLatch many = new CountDownLatch(601);
      WorkMap map =
          WorkMap.builder()
              .add("One", job -> {})
              .add(
                  "Many",
                  job -> {
                    if (many.getCount() == 601) {
                      print(job);
                    }
                    many.countDown();
                  })
              .add(
                  "Dies",
                  job -> {
                    throw new IllegalStateException("dies");
                  })
              .build();
      Worker worker = Worker.builder(qg, map).queue("q").build();
      while (worker.workOne()) {}
      try (WorkerPool pool = WorkerPool.builder(qg, map).count(1).build()) {
        pool.start();
        if (!many.await(60, TimeUnit.SECONDS)) {
          throw new AssertionError(many.getCount() + " jobs are left");
        }
      }
    }

    private static void print(LockedJob job) {
      System.out.println("worked " + job.type() + " " + job.args().data() + " in " + job.queue());
    }
  }
}
