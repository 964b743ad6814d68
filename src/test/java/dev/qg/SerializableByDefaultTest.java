package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A strict isolation by default is for the application's transactions, not for a pool's own. */
class SerializableByDefaultTest {

  private static final RetryPolicy TWICE =
      RetryPolicy.builder().delay(Duration.ZERO).maxAttempts(2).build();

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @BeforeEach
  void recordTheIsolationOfChanges() {
    db.ctx()
        .execute(
            """
            create table changes (job_class text, isolation text);
            create function record_change() returns trigger language plpgsql as $$ begin
              insert into changes values (old.job_class, current_setting('transaction_isolation'));
              return coalesce(new, old);
            end $$;
            create trigger record_change before update or delete on que_jobs
              for each row execute function record_change();
            """);
  }

  @Test
  void endsJobsReadCommitted() throws Exception {
    DataSource serializable = db.pool(6, "options=-c%20default_transaction_isolation=serializable");
    Qg qg = db.closeLater(Qg.builder(serializable).retryPolicy(TWICE).build());
    WorkMap map =
        WorkMap.builder()
            .add("Plain", job -> {})
            .add("InTransaction", job -> job.tx().execute("select 1"))
            .add(
                "Dies",
                job -> {
                  throw new IllegalStateException("fails always");
                })
            .build();

    Way.POOL
        .start(qg, map, "", "")
        .during(
            () -> {
              qg.enqueue(Job.of("Dies"));
              qg.enqueueAll(Collections.nCopies(100, Job.of("Plain")));
              qg.enqueueAll(Collections.nCopies(10, Job.of("Dies")));
              qg.enqueue(Job.of("InTransaction"));
              await().until(() -> db.jobs().isEmpty());
            });

    assertThat(db.ctx().fetchCount(QG_DEAD_JOBS)).isEqualTo(11);
    assertThat(isolations("Plain")).containsOnly("read committed").hasSize(100);
    assertThat(isolations("Dies")).containsOnly("read committed").hasSize(22);
    assertThat(isolations("InTransaction")).containsExactly("serializable");
  }

  private List<String> isolations(String type) {
    return db.ctx()
        .fetch("select isolation from changes where job_class = ?", type)
        .into(String.class);
  }
}
