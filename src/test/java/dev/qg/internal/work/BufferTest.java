package dev.qg.internal.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Intercept;
import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.AbstractList;
import java.util.List;
import org.jooq.Configuration;
import org.jooq.JSON;
import org.jooq.impl.DefaultConfiguration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BufferTest {

  private static final OffsetDateTime TIME =
      OffsetDateTime.of(2026, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

  private static final JobPolicy NONE =
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

  private final Buffer buffer = new Buffer(() -> {});

  /** Else a thread could begin one that the locker is about to give back. */
  @Test
  void takesNoneOfManyWhereItCanNotTakeAll() {
    List<HeldJob> jobs = List.of(job(1), job(2));
    List<HeldJob> more =
        new AbstractList<>() {
          @Override
          public HeldJob get(int index) {
            if (index == 1) {
              throw new OutOfMemoryError("for the second one");
            }
            return jobs.get(index);
          }

          @Override
          public int size() {
            return jobs.size();
          }
        };

    assertThatThrownBy(() -> buffer.add(more)).isInstanceOf(OutOfMemoryError.class);
    assertThat(buffer.drain()).isEmpty();

    assertThat(buffer.add(jobs)).isEmpty();
    assertThat(buffer.drain()).isEqualTo(jobs);
  }

  private static HeldJob job(long id) {
    JobRow row =
        new JobRow(new JobKey("", (short) 100, TIME, id), "A", JSON.json("[]"), 0, null, "(0,1)");
    return new HeldJob(
        row,
        Statements.of(null),
        NONE,
        new OwnTransaction(Intercept.untouchable()),
        false,
        null,
        released -> {});
  }
}
