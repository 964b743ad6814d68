package dev.qg.bench.contestant;

import static org.jobrunr.server.BackgroundJobServerConfiguration.usingStandardBackgroundJobServerConfiguration;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.bench.Client;
import dev.qg.bench.Contestant;
import dev.qg.bench.Database;
import dev.qg.bench.Ledger;
import java.sql.SQLException;
import java.time.Duration;
import java.util.stream.IntStream;
import org.jobrunr.configuration.JobRunr;
import org.jobrunr.jobs.lambdas.JobRequest;
import org.jobrunr.jobs.lambdas.JobRequestHandler;
import org.jobrunr.scheduling.JobRequestScheduler;
import org.jobrunr.server.JobActivator;
import org.jobrunr.storage.StorageProvider;
import org.jobrunr.storage.sql.postgres.PostgresStorageProvider;

/**
 * JobRunr with 16 threads on PostgreSQL, and the shortest interval that it allows. It keeps the
 * jobs that succeeded, so that its table counts as empty when it has no others.
 */
public final class JobRunrServer implements Contestant {

  private static final int THREADS = 16;

  private final HikariDataSource dataSource;
  private final StorageProvider storage;
  private final Database database;

  public JobRunrServer(Database database) {
    this.database = database;
    this.dataSource = database.pool(THREADS + 4);
    this.storage = new PostgresStorageProvider(dataSource);
  }

  /** Its jobs travel as JSON. */
  public static final class Numbered implements JobRequest {

    private static final long serialVersionUID = 1;

    public int number;

    @Override
    public Class<Handler> getJobRequestHandler() {
      return Handler.class;
    }
  }

  /** Made by the activator below for each job. */
  public record Handler(Ledger ledger) implements JobRequestHandler<Numbered> {

    @Override
    public void run(Numbered job) throws Exception {
      ledger.work(job.number);
    }
  }

  @Override
  public void prepare() throws SQLException {
    database.execute("truncate jobrunr_jobs");
  }

  @Override
  public void enqueue(int jobs) {
    jobs().enqueueAll(0, jobs);
  }

  @Override
  public Client client() {
    return jobs();
  }

  private Jobs jobs() {
    JobRunr.configure().useStorageProvider(storage).initialize();
    return new Jobs(new JobRequestScheduler(storage));
  }

  /** Saves many jobs by statements of its own. */
  private record Jobs(JobRequestScheduler scheduler) implements Client {

    @Override
    public void enqueue(int number) {
      scheduler.enqueue(job(number));
    }

    @Override
    public void enqueueAll(int from, int count) {
      scheduler.enqueue(IntStream.range(from, from + count).mapToObj(Jobs::job));
    }

    private static Numbered job(int number) {
      Numbered job = new Numbered();
      job.number = number;
      return job;
    }

    @Override
    public void close() {}
  }

  @Override
  public void drain(Ledger ledger) throws Exception {
    JobActivator activator =
        new JobActivator() {
          @Override
          public <T> T activateJob(Class<T> type) {
            return type.cast(new Handler(ledger));
          }
        };
    ledger.begin();
    JobRunr.configure()
        .useStorageProvider(storage)
        .useJobActivator(activator)
        .useBackgroundJobServer(
            usingStandardBackgroundJobServerConfiguration()
                .andWorkerCount(THREADS)
                .andPollInterval(Duration.ofSeconds(5)))
        .initialize();
    try {
      ledger.await(this::left);
    } finally {
      JobRunr.getBackgroundJobServer().stop();
    }
  }

  @Override
  public long left() throws SQLException {
    return database.number("select count(*) from jobrunr_jobs where state <> 'SUCCEEDED'");
  }

  @Override
  public void close() {
    JobRunr.destroy();
    dataSource.close();
  }
}
