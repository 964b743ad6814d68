package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

/** However many jobs are told of, few notices stand for them. */
class JobNoticesTest {

  private static final OffsetDateTime TIME =
      OffsetDateTime.of(2026, 1, 2, 3, 4, 5, 0, ZoneOffset.UTC);

  private final JobNotices notices = new JobNotices();

  @Test
  void keepTheEarliestOfEachQueueAndPriority() {
    notices.add(notice("a", 1, TIME.plusSeconds(1)));
    notices.add(notice("a", 1, TIME));
    notices.add(notice("a", 1, TIME.plusSeconds(2)));
    notices.add(notice("a", 2, TIME));
    notices.add(notice("b", 1, TIME));

    assertThat(notices.list())
        .containsExactlyInAnyOrder(
            notice("a", 1, TIME), notice("a", 2, TIME), notice("b", 1, TIME));
  }

  @Test
  void becomeOneOfAnyJobWhereTheyAreTooMany() {
    for (int priority = 0; priority <= 100; priority++) {
      notices.add(notice("a", priority, TIME));
    }
    notices.add(notice("b", 1, TIME));

    assertThat(notices.list()).containsExactly(JobNotice.ofAny());
  }

  @Test
  void areTakenOutOnce() {
    notices.add(notice("a", 1, TIME));

    assertThat(notices.drain()).containsExactly(notice("a", 1, TIME));
    assertThat(notices.drain()).isEmpty();
    notices.add(JobNotice.ofAny());
    assertThat(notices.drain()).containsExactly(JobNotice.ofAny());
    notices.add(notice("a", 2, TIME));
    assertThat(notices.drain()).containsExactly(notice("a", 2, TIME));
  }

  private static JobNotice notice(String queue, int priority, OffsetDateTime runAt) {
    return new JobNotice(queue, (short) priority, runAt);
  }
}
