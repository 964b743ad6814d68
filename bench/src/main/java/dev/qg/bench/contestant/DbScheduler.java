package dev.qg.bench.contestant;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import dev.qg.bench.Client;
import dev.qg.bench.Contestant;
import dev.qg.bench.Database;
import dev.qg.bench.Ledger;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.IntStream;

/**
 * db-scheduler as its performance page runs it: 50 threads and lock-and-fetch, with the limits that
 * its README gives for high throughput.
 */
public final class DbScheduler implements Contestant {

  private static final int THREADS = 50;

  /** As it asks for; without the index for priorities, which are off. */
  private static final String TABLE =
      """
      create table if not exists scheduled_tasks (
        task_name            text        not null,
        task_instance        text        not null,
        task_data            bytea,
        execution_time       timestamptz not null,
        picked               boolean     not null,
        picked_by            text,
        last_success         timestamptz,
        last_failure         timestamptz,
        consecutive_failures int,
        last_heartbeat       timestamptz,
        version              bigint      not null,
        priority             smallint,
        primary key (task_name, task_instance)
      );
      create index if not exists execution_time_idx on scheduled_tasks (execution_time);
      create index if not exists last_heartbeat_idx on scheduled_tasks (last_heartbeat);
      """;

  private final Database database;

  public DbScheduler(Database database) {
    this.database = database;
  }

  @Override
  public void prepare() throws SQLException {
    database.execute(TABLE + "truncate scheduled_tasks");
  }

  @Override
  public void enqueue(int jobs) throws SQLException {
    database.execute(
        "insert into scheduled_tasks (task_name, task_instance, execution_time, picked, version)"
            + " select 'bench', number, now(), false, 1 from generate_series(0, %d - 1) number"
                .formatted(jobs));
  }

  @Override
  public Client client() {
    HikariDataSource dataSource = database.pool(1);
    OneTimeTask<Void> task = Tasks.oneTime("bench").execute((instance, context) -> {});
    SchedulerClient client = SchedulerClient.Builder.create(dataSource, task).build();
    return new Client() {
      @Override
      public void enqueue(int number) {
        client.scheduleIfNotExists(task.instance(String.valueOf(number)), Instant.now());
      }

      @Override
      public void enqueueAll(int from, int count) {
        client.scheduleBatch(
            IntStream.range(from, from + count)
                .<TaskInstance<?>>mapToObj(number -> task.instance(String.valueOf(number))),
            Instant.now());
      }

      @Override
      public void close() {
        dataSource.close();
      }
    };
  }

  @Override
  public void drain(Ledger ledger) throws Exception {
    OneTimeTask<Void> task =
        Tasks.oneTime("bench")
            .execute((instance, context) -> work(ledger, Integer.parseInt(instance.getId())));
    try (HikariDataSource dataSource = database.pool(THREADS + 2)) {
      Scheduler scheduler =
          Scheduler.create(dataSource, task)
              .threads(THREADS)
              .pollUsingLockAndFetch(1.0, 4.0)
              .pollingInterval(Duration.ofSeconds(1))
              .shutdownMaxWait(Duration.ofSeconds(30))
              .build();
      ledger.begin();
      scheduler.start();
      try {
        ledger.await(this::left);
      } finally {
        scheduler.stop();
      }
    }
  }

  /** Its handlers throw nothing checked. */
  private static void work(Ledger ledger, int number) {
    try {
      ledger.work(number);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public long left() throws SQLException {
    return database.number("select count(*) from scheduled_tasks");
  }

  @Override
  public void close() {}
}
