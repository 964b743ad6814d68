package dev.qg.internal.concurrent;

import static dev.qg.internal.concurrent.Timings.HEARTBEAT_ANSWER;
import static dev.qg.internal.concurrent.Timings.LOCK_TIMEOUT_TO_HOLD;
import static dev.qg.internal.concurrent.Timings.NETWORK_TIMEOUT;
import static dev.qg.internal.concurrent.Timings.STATEMENT_TIMEOUT_TO_HOLD;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TimingsTest {

  @Test
  void longWaitsAreShortenedTogetherAndShortOnesAreNot() {
    double scale = Double.parseDouble(System.getProperty(Timings.SCALE_PROPERTY, "1"));
    assertThat(Timings.scaled(Duration.ofSeconds(100)).toMillis())
        .isEqualTo((long) (100_000 * scale));
    assertThat(NETWORK_TIMEOUT).isEqualTo(Timings.scaled(Duration.ofSeconds(30)));
    assertThat(Timings.FIRST_PAUSE).isEqualTo(Duration.ofMillis(100));
  }

  /** The error of the shorter one tells more, and costs less. */
  @Test
  void theTimeOutsOfOneSessionEndInTheirOrder() {
    assertThat(LOCK_TIMEOUT_TO_HOLD).isLessThan(STATEMENT_TIMEOUT_TO_HOLD);
    assertThat(STATEMENT_TIMEOUT_TO_HOLD).isLessThan(NETWORK_TIMEOUT);
    assertThat(HEARTBEAT_ANSWER).isLessThan(NETWORK_TIMEOUT);
  }

  @Test
  void noTimeInWholeSecondsIsEndless() {
    assertThat(Timings.seconds(Duration.ofMillis(200))).isOne();
    assertThat(Timings.seconds(Duration.ofSeconds(10))).isEqualTo(10);
  }
}
