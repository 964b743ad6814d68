package dev.qg.internal.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.InThread;
import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.Statements;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class HoldsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final Holds holds = new Holds();

  /** Else it would count as held for as long as the pool runs. */
  @Test
  void forgetsNoReleasedJobWhereItCanNotTellOfIt() {
    List<HeldJob> jobs = List.of(Held.job(1), Held.job(2), Held.job(3));
    List<HeldJob> told = new ArrayList<>();
    try (Session session =
        Session.openToWrite(new Connections(db.dataSource()), Statements.of(null))) {
      jobs.forEach(job -> holds.add(job, session));
      jobs.forEach(holds::release);

      assertThatThrownBy(
              () ->
                  holds.takeReleased(
                      session,
                      job -> {
                        if (job == jobs.get(1)) {
                          throw new OutOfMemoryError("for the second one");
                        }
                      }))
          .isInstanceOf(OutOfMemoryError.class);
      assertThat(holds.takeReleased(session, told::add)).containsExactly(2L, 3L);
    }
    assertThat(told).containsExactly(jobs.get(1), jobs.get(2));
    assertThat(holds.areEmpty()).isTrue();
    assertThat(holds.bytes()).isZero();
    assertThat(holds.released()).isZero();
  }

  /** Else whoever waits for some to come together would take that for none. */
  @Test
  void neverCountsFewerThanWereReleased() {
    int many = 200_000;
    HeldJob job = Held.job(1);
    InThread releasing =
        InThread.start(
            "releasing",
            () -> {
              for (int i = 0; i < many; i++) {
                holds.release(job);
              }
            });
    int fewest = 0;
    while (releasing.isAlive()) {
      holds.takeReleased(null, each -> {});
      fewest = Math.min(fewest, holds.released());
    }
    releasing.join();
    assertThat(fewest).isZero();
  }
}
