package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.Job;
import dev.qg.fixture.Notifications;
import dev.qg.fixture.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A notification is understood as it was meant, or taken for one of any job. */
class JobNoticeTest {

  private static final OffsetDateTime TIME =
      OffsetDateTime.of(2026, 1, 2, 3, 4, 5, 600_000, ZoneOffset.UTC);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  static List<String> hostileQueues() {
    return List.of(
        "",
        " ",
        "  two  spaces  ",
        "quotes ' \" \\ $1 ?",
        "line\nbreak\r\t",
        "1 2 3",
        "漢字 🐘 ä",
        "\u0001",
        "x".repeat(2_000),
        "🐘".repeat(500));
  }

  @ParameterizedTest
  @MethodSource("hostileQueues")
  void namesAnyQueueAsItIs(String queue) {
    Notifications notifications = Notifications.of(db);

    db.qg().enqueue(Job.of("MyJob").withQueue(queue));
    db.qg().enqueueAll(List.of(Job.of("MyJob").withQueue(queue)));

    assertThat(notifications.heard())
        .hasSize(2)
        .extracting(payload -> JobNotice.parse(payload).queue())
        .containsOnly(queue);
  }

  @ParameterizedTest
  @ValueSource(strings = {"🐘", "x", "'"})
  void leavesOutAQueueThatIsTooLong(String part) {
    Notifications notifications = Notifications.of(db);
    String queue = part.repeat(2_400 / part.getBytes(StandardCharsets.UTF_8).length);

    db.qg().enqueue(Job.of("MyJob").withQueue(queue).withPriority(3));
    db.qg().enqueueAll(List.of(Job.of("MyJob").withQueue(queue).withPriority(3)));

    assertThat(db.jobs()).hasSize(2);
    assertThat(notifications.heard())
        .hasSize(2)
        .map(JobNotice::parse)
        .allMatch(notice -> notice.queue() == null && notice.priority() == 3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-01-02 03:04:05.0006+00",
        "1969-12-31 23:59:58.999999+00",
        "4714-11-24 00:00:00+00 BC",
        "1970-01-01 00:00:00+00"
      })
  void tellsTheTimeToTheMicrosecond(String time) {
    Notifications notifications = Notifications.of(db);

    db.ctx().execute("alter table que_jobs alter run_at set default '" + time + "'");
    db.enqueue("MyJob");

    assertThat(notifications.heard())
        .map(payload -> JobNotice.parse(payload).runAt().toInstant())
        .containsExactly(db.jobs().get(0).getRunAt().toInstant());
  }

  @Test
  void knowsATimeBeforeAllTimes() {
    Notifications notifications = Notifications.of(db);

    db.ctx().execute("alter table que_jobs alter run_at set default '-infinity'");
    db.enqueue("MyJob");
    db.qg().enqueueAll(List.of(Job.of("MyJob")));

    assertThat(notifications.heard())
        .map(JobNotice::parse)
        .hasSize(2)
        .containsOnly(new JobNotice("", (short) 100, OffsetDateTime.MIN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "  ",
        "100",
        "100 ",
        "100  q",
        "x 1 q",
        "100 x q",
        "100 NaN q",
        "100 Infinity q",
        "100 1e999999999 q",
        "100 99999999999999 q",
        "100 1.0.0 q",
        "100 .5 q",
        "40000 1 q",
        "1767323045.6 100 q",
        "{\"queue\": \"q\"}",
        "🐘 \uD83D \u0000"
      })
  void takesWhatItDoesNotUnderstandForANoticeOfAnyJob(String payload) {
    JobNotice notice = JobNotice.parse(payload);

    assertThat(notice).isEqualTo(JobNotice.ofAny());
    assertThat(notice.isBefore(key(Short.MIN_VALUE, OffsetDateTime.MIN))).isTrue();
  }

  @Test
  void readsThePayloadOfOtherClients() {
    assertThat(JobNotice.parse("-1 1767323045 a b"))
        .isEqualTo(new JobNotice("a b", (short) -1, TIME.withNano(0)));
    assertThat(JobNotice.parse("100 1767323045.0006 "))
        .isEqualTo(new JobNotice("", (short) 100, TIME));
    assertThat(JobNotice.parse("100 1767323045.000600"))
        .isEqualTo(new JobNotice(null, (short) 100, TIME));
  }

  @Test
  void isBeforeWhatIsLessUrgentOrLaterOrAsUrgentAtTheSameTime() {
    JobNotice notice = new JobNotice("q", (short) 5, TIME);

    assertThat(notice.isBefore(key(5, TIME))).isTrue();
    assertThat(notice.isBefore(key(5, TIME.plusNanos(1_000)))).isTrue();
    assertThat(notice.isBefore(key(6, TIME.minusDays(1)))).isTrue();
    assertThat(notice.isBefore(key(5, TIME.minusNanos(1_000)))).isFalse();
    assertThat(notice.isBefore(key(4, TIME.plusDays(1)))).isFalse();
    assertThat(
            new JobNotice("q", Short.MIN_VALUE, OffsetDateTime.MIN)
                .isBefore(key(Short.MIN_VALUE, OffsetDateTime.MIN)))
        .isTrue();
    assertThat(JobNotice.from(key(5, TIME))).isEqualTo(notice);
  }

  private static JobKey key(int priority, OffsetDateTime runAt) {
    return new JobKey("q", (short) priority, runAt, 1);
  }
}
