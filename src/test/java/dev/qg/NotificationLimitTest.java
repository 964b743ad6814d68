package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.Notifications;
import dev.qg.fixture.TestDatabase;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** However many transactions enqueue, a client notifies no more than so often. */
class NotificationLimitTest {

  private static final int JOBS = 1_000;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void isTwoHundredAndFiftyASecondForEachQueue() {
    Notifications notifications = Notifications.of(db);
    long began = System.nanoTime();

    for (int i = 0; i < JOBS / 2; i++) {
      db.qg().enqueue(Job.of("MyJob").withQueue("busy"));
      db.qg().enqueueAll(List.of(Job.of("MyJob").withQueue("busy")));
    }
    long allowed = 25 + (System.nanoTime() - began) / 4_000_000 + 1;
    db.qg().enqueue(Job.of("MyJob").withQueue("calm"));

    assertThat(db.jobs()).hasSize(JOBS + 1);
    List<String> heard = notifications.heard();
    assertThat(heard).filteredOn(payload -> payload.endsWith(" calm")).hasSize(1);
    assertThat(heard)
        .filteredOn(payload -> payload.endsWith(" busy"))
        .hasSizeBetween(25, (int) Math.min(allowed, JOBS - 1));
  }

  @Test
  void isNotUsedUpByJobsForLater() {
    Notifications notifications = Notifications.of(db);

    for (int i = 0; i < 50; i++) {
      db.qg().enqueue(Job.of("MyJob").withRunAt(Instant.now().plusSeconds(3_600)));
    }
    db.enqueue("MyJob");

    assertThat(notifications.heard()).hasSize(1);
  }
}
