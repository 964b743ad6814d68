package dev.qg.internal.work;

import dev.qg.fixture.Intercept;
import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jooq.Configuration;
import org.jooq.JSON;
import org.jooq.impl.DefaultConfiguration;
import org.jspecify.annotations.Nullable;

/** Makes held jobs that are in no database. */
final class Held {

  private static final OffsetDateTime TIME =
      OffsetDateTime.of(2026, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

  static final JobPolicy NONE =
      new JobPolicy() {
        @Override
        public Configuration configuration() {
          return new DefaultConfiguration();
        }

        @Override
        public @Nullable Duration retryAfter(JobRow job) {
          return null;
        }

        @Override
        public void onComplete(HeldJob job) {}

        @Override
        public void onFailure(HeldJob job, @Nullable Throwable cause, String message) {}
      };

  private static final Statements SQL = Statements.of(null);

  private Held() {}

  static HeldJob job(long id) {
    return job("", id);
  }

  static HeldJob job(String queue, long id) {
    JobRow row =
        new JobRow(
            new JobKey(queue, (short) 100, TIME, id), "A", JSON.json("[]"), 0, null, "(0,1)");
    return new HeldJob(
        row, SQL, NONE, new OwnTransaction(Intercept.untouchable()), false, null, released -> {});
  }
}
