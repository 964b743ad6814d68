package dev.qg.internal.work;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.qg.fixture.Logs;
import dev.qg.internal.concurrent.Timings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A long outage is told once, and doesn't mean a long recovery. */
class OutageTest {

  @RegisterExtension final Logs logs = new Logs();

  private final Outage outage = new Outage("worker", "Can't");
  private final Exception cause = new Exception("away");

  @Test
  void pausesGrowToTenSecondsAndNoFurther() {
    List<Duration> pauses = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      pauses.add(outage.failed(cause));
    }
    assertThat(pauses.subList(0, 3))
        .containsExactly(Duration.ofMillis(100), Duration.ofMillis(200), Duration.ofMillis(400));
    assertThat(pauses.subList(7, 1_000)).containsOnly(Timings.scaled(Duration.ofSeconds(10)));
    assertThat(logs.alarms("worker_failing")).hasSize(1);
  }

  @Test
  void theNextOneBeginsWithAShortPauseAndIsToldAgain() {
    outage.failed(cause);
    outage.failed(cause);
    outage.over();
    outage.over();
    assertThat(outage.failed(cause)).isEqualTo(Duration.ofMillis(100));
    assertThat(logs.alarms("worker_failing")).hasSize(2);
    assertThat(logs.events("worker_recovered"))
        .singleElement()
        .satisfies(
            entry -> {
              assertThat(entry.getLevel()).isEqualTo(Level.INFO);
              assertThat(Logs.pairs(entry))
                  .containsEntry("thread", Thread.currentThread().getName());
              assertThat((Duration) Logs.pairs(entry).get("away")).isLessThan(Duration.ofHours(1));
            });
  }
}
