package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mchange.v2.c3p0.ComboPooledDataSource;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import dev.qg.fixture.Way.Running;
import dev.qg.internal.work.PoolCapacity;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.AgroalConnectionPoolConfiguration.ConnectionValidator;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.apache.tomcat.jdbc.pool.PoolProperties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** The connection pools that applications use, each set to test its connections. */
class ConnectionPoolsTest {

  private static final int SIZE = 8;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  /** A data source, and what closes it. */
  private record Pool(DataSource dataSource, AutoCloseable owner) implements Closeable {
    @Override
    public void close() throws IOException {
      try {
        owner.close();
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
  }

  enum Kind {
    HIKARI {
      @Override
      Pool open(String url) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setMaximumPoolSize(SIZE);
        HikariDataSource pool = new HikariDataSource(config);
        return new Pool(pool, pool);
      }
    },

    TOMCAT {
      @Override
      Pool open(String url) {
        PoolProperties properties = new PoolProperties();
        properties.setUrl(url);
        properties.setDriverClassName("org.postgresql.Driver");
        properties.setMaxActive(SIZE);
        properties.setTestOnBorrow(true);
        properties.setValidationInterval(0);
        var pool = new org.apache.tomcat.jdbc.pool.DataSource(properties);
        return new Pool(pool, pool::close);
      }
    },

    C3P0 {
      @Override
      Pool open(String url) {
        ComboPooledDataSource pool = new ComboPooledDataSource();
        pool.setJdbcUrl(url);
        pool.setMaxPoolSize(SIZE);
        pool.setTestConnectionOnCheckout(true);
        return new Pool(pool, pool);
      }
    },

    DBCP {
      @Override
      Pool open(String url) {
        BasicDataSource pool = new BasicDataSource();
        pool.setUrl(url);
        pool.setMaxTotal(SIZE);
        return new Pool(pool, pool);
      }
    },

    AGROAL {
      @Override
      Pool open(String url) throws Exception {
        AgroalDataSource pool =
            AgroalDataSource.from(
                new AgroalDataSourceConfigurationSupplier()
                    .connectionPoolConfiguration(
                        connections ->
                            connections
                                .maxSize(SIZE)
                                .validateOnBorrow(true)
                                .connectionValidator(ConnectionValidator.defaultValidator())
                                .connectionFactoryConfiguration(factory -> factory.jdbcUrl(url))));
        return new Pool(pool, pool);
      }
    };

    abstract Pool open(String url) throws Exception;
  }

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
  }

  /** Each job fails once after its write, which is rolled back with its transaction. */
  @ParameterizedTest
  @EnumSource
  void handlersWriteOnceThroughIt(Kind kind) throws Exception {
    try (Pool pool = kind.open(db.url());
        Qg qg = retryingAtOnce(pool)) {
      List<Long> ids = new ArrayList<>(qg.enqueueAll(Collections.nCopies(200, Job.of("Write"))));
      ids.add(qg.enqueue(Job.of("Write")));
      LockedJob byHand = qg.lockJob("").orElseThrow();
      Running pooled = Way.POOL.start(qg, writingOnce(), "", "", "", "");
      Running workers = Way.WORKERS.start(qg, writingOnce(), "", "");
      pooled.during(
          () ->
              workers.during(
                  () ->
                      await()
                          .atMost(PATIENCE)
                          .untilAsserted(() -> assertThat(db.jobs()).hasSize(1))));
      Effects.write(byHand.tx(), String.valueOf(byHand.id()));
      byHand.delete();
      byHand.done();

      assertThat(Effects.notes(db.ctx()))
          .containsExactlyInAnyOrderElementsOf(ids.stream().map(String::valueOf).toList());
      assertThat(db.jobs()).isEmpty();
    }
  }

  /** Agroal has no such method. */
  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AGROAL")
  void tellsHowManyConnectionsItHas(Kind kind) throws Exception {
    try (Pool pool = kind.open(db.url())) {
      assertThat(PoolCapacity.of(pool.dataSource())).hasValue(SIZE);
      assertThat(PoolCapacity.of(new DelegatingDataSource(pool.dataSource()))).isEmpty();
    }
  }

  /** As when the server is restarted. */
  @ParameterizedTest
  @EnumSource
  void workGoesOnAfterAllItsSessionsHaveEnded(Kind kind) throws Exception {
    try (Pool pool = kind.open(db.url());
        Qg qg = retryingAtOnce(pool)) {
      Running pooled = Way.POOL.start(qg, writingOnce(), "a", "a");
      Running workers = Way.WORKERS.start(qg, writingOnce(), "b");
      pooled.during(() -> workers.during(this::workBeforeAndAfterAllSessionsEnd));
    }
  }

  private void workBeforeAndAfterAllSessionsEnd() {
    workJobs("a", "b");

    db.ctx()
        .execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
                + " where datname = current_database() and pid <> pg_backend_pid()");

    workJobs("a", "b");
  }

  /** By another client, whose sessions live. */
  private void workJobs(String... queues) {
    for (String queue : queues) {
      db.qg().enqueueAll(Collections.nCopies(20, Job.of("Write").withQueue(queue)));
    }
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(db.jobs()).isEmpty());
  }

  private static Qg retryingAtOnce(Pool pool) {
    return Qg.builder(pool.dataSource())
        .retryPolicy(RetryPolicy.builder().delay(failures -> Duration.ZERO).build())
        .build();
  }

  private static WorkMap writingOnce() {
    return WorkMap.of(
        "Write",
        job -> {
          Effects.write(job.tx(), String.valueOf(job.id()));
          if (job.errorCount() == 0) {
            throw new IllegalStateException("fails once, after its write");
          }
        });
  }
}
