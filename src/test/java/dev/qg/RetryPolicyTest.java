package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A failed job waits as long as its policy says, by the clock of the database. */
class RetryPolicyTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  @ParameterizedTest
  @CsvSource({"1, 4", "2, 19", "3, 84", "4, 259", "10, 10003", "27, 531444", "28, 604800"})
  void isCountToTheFourthAndThreeSecondsUpToSevenDays(int failures, long seconds) {
    assertThat(RetryPolicy.standard().delayAfter(failures)).hasValue(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 55_108, 55_109, 100_000, Integer.MAX_VALUE})
  void isCappedHoweverOftenAJobHasFailed(int failures) {
    assertThat(RetryPolicy.standard().delayAfter(failures)).hasValue(Duration.ofDays(7));
    Duration longest = Duration.ofDays(365_000);
    assertThat(RetryPolicy.builder().maxDelay(longest).build().delayAfter(failures))
        .hasValue(longest);
  }

  @Test
  void variesByTheJitterAndStaysUnderTheCap() {
    RetryPolicy policy =
        RetryPolicy.builder()
            .delay(Duration.ofSeconds(100))
            .maxDelay(Duration.ofSeconds(110))
            .jitter(0.2)
            .build();
    assertThat(IntStream.range(0, 10_000).mapToObj(i -> policy.delayAfter(1).orElseThrow()))
        .allMatch(delay -> delay.compareTo(Duration.ofSeconds(80)) >= 0)
        .allMatch(delay -> delay.compareTo(Duration.ofSeconds(110)) <= 0)
        .anyMatch(delay -> delay.compareTo(Duration.ofSeconds(85)) < 0)
        .anyMatch(delay -> delay.compareTo(Duration.ofSeconds(109)) > 0);
  }

  @Test
  void givesUpAfterSoManyAttempts() {
    RetryPolicy policy = RetryPolicy.builder().maxAttempts(3).build();
    assertThat(policy.delayAfter(2)).isPresent();
    assertThat(policy.delayAfter(3)).isEmpty();
    assertThat(policy.delayAfter(Integer.MAX_VALUE)).isEmpty();
  }

  @Test
  void refusesSettingsThatMakeNoSense() {
    RetryPolicy.Builder builder = RetryPolicy.builder();
    assertThatThrownBy(() -> builder.delay(Duration.ofSeconds(-1)))
        .hasMessage("delay must not be negative, but is PT-1S");
    assertThatThrownBy(() -> builder.maxDelay(Duration.ofDays(365_001)))
        .hasMessageContaining("maxDelay")
        .hasMessageContaining(Duration.ofDays(365_001).toString());
    assertThatThrownBy(() -> builder.jitter(Double.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> builder.jitter(1.1)).hasMessageContaining("1.1");
    assertThatThrownBy(() -> builder.maxAttempts(0)).hasMessageContaining("maxAttempts");
  }

  @ParameterizedTest
  @CsvSource({"0, 4", "1, 19", "2, 84", "2147483647, 604800"})
  void isAddedToTheTimeOfTheDatabase(int errorCount, long seconds) {
    assertWaits(Qg.create(db.dataSource()), errorCount, Duration.ofSeconds(seconds));
  }

  @Test
  void canBeLongerThanNanosecondsCanCount() {
    Duration longest = Duration.ofDays(365_000);
    RetryPolicy policy = RetryPolicy.builder().delay(longest).maxDelay(longest).build();
    assertWaits(Qg.builder(db.dataSource()).retryPolicy(policy).build(), 0, longest);
  }

  @Test
  void isThatOfTheTypeIfItHasOne() {
    Qg qg =
        Qg.builder(db.dataSource())
            .retryPolicy(RetryPolicy.builder().delay(Duration.ofHours(1)).build())
            .retryPolicy("Other", RetryPolicy.builder().delay(Duration.ofHours(2)).build())
            .retryPolicy("Fail", RetryPolicy.builder().delay(Duration.ofHours(3)).build())
            .build();
    assertWaits(qg, 0, Duration.ofHours(3));
  }

  @Test
  void isToldHowOftenTheJobHasFailed() {
    Qg qg = withDelay(count -> Duration.ofHours(count));
    assertWaits(qg, 6, Duration.ofHours(7));
  }

  @Test
  void isTheStandardWhereAFunctionOfTheUserFails() {
    assertWaitsAsStandard(
        count -> {
          throw new IllegalArgumentException("no idea");
        });
    assertWaitsAsStandard(
        count -> {
          throw new AssertionError("no idea");
        });
    assertWaitsAsStandard(count -> Duration.ofSeconds(-1));
    assertWaitsAsStandard(count -> null);
  }

  @Test
  void movesTheTimeOfAJobEvenWithoutADelay() {
    long id = db.enqueue("Fail");
    OffsetDateTime before = db.job(id).getRunAt();
    fail(withDelay(count -> Duration.ZERO));
    assertThat(db.job(id).getRunAt()).isAfter(before);
  }

  private void assertWaitsAsStandard(IntFunction<Duration> delay) {
    int logged = logs.events("retry_policy_failed").size();
    assertWaits(withDelay(delay), 1, Duration.ofSeconds(19));
    assertThat(logs.events("retry_policy_failed")).hasSize(logged + 1);
  }

  private void assertWaits(Qg qg, int errorCount, Duration expected) {
    long id = db.enqueue("Fail");
    db.ctx().execute("update que_jobs set error_count = ? where job_id = ?", errorCount, id);
    OffsetDateTime before = clock();
    fail(qg);
    OffsetDateTime after = clock();
    assertThat(db.job(id).getRunAt()).isBetween(before.plus(expected), after.plus(expected));
    assertThat(Optional.of(db.job(id).getErrorCount()))
        .hasValue((int) Math.min(Integer.MAX_VALUE, errorCount + 1L));
  }

  private OffsetDateTime clock() {
    return db.ctx().fetchSingle("select clock_timestamp()").get(0, OffsetDateTime.class);
  }

  private Qg withDelay(IntFunction<Duration> delay) {
    return Qg.builder(db.dataSource())
        .retryPolicy(RetryPolicy.builder().delay(delay).build())
        .build();
  }

  private static void fail(Qg qg) {
    WorkMap map =
        WorkMap.of(
            "Fail",
            job -> {
              throw new IllegalStateException("again");
            });
    assertThat(Worker.builder(qg, map).build().workOne()).isTrue();
  }
}
