package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Jvm;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/** The environment decides the queue and the interval of workers, as it does for qg and Que. */
class EnvironmentTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void isTheDefaultQueueAndFiveSecondsWhenItSaysNothing() {
    assertThat(Defaults.of(Map.of())).isEqualTo(new Defaults("", Duration.ofSeconds(5)));
    assertThat(Defaults.of(Map.of("QUE_WAKE_INTERVAL", "")).interval())
        .isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void isWhatItSays() {
    assertThat(Defaults.of(Map.of("QUE_QUEUE", "mail", "QUE_WAKE_INTERVAL", " 60 ")))
        .isEqualTo(new Defaults("mail", Duration.ofMinutes(1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "1.5", "5s", "soon", "9223372036854775808"})
  void isRefusedByNameAndValueWhereItMakesNoSense(String interval) {
    assertThatThrownBy(() -> Defaults.of(Map.of("QUE_WAKE_INTERVAL", interval)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("QUE_WAKE_INTERVAL")
        .hasMessageContaining("\"" + interval + "\"");
  }

  @Test
  void decidesInAProcessOfItsOwn() throws Exception {
    db.qg().enqueue(Job.of("Greet"));
    db.qg().enqueue(Job.of("Greet").withQueue("mail"));
    assertThat(child(Map.of("QUE_QUEUE", "mail", "QUE_WAKE_INTERVAL", "77")))
        .contains("worker: Greet in mail", "pool: Defaults[queue=mail, interval=PT1M17S]");
    assertThat(db.jobs()).singleElement().matches(job -> job.getQueue().isEmpty());
  }

  @Test
  void stopsAProcessWhoseIntervalMakesNoSense() throws Exception {
    assertThat(child(Map.of("QUE_WAKE_INTERVAL", "soon")))
        .contains("IllegalArgumentException")
        .contains("QUE_WAKE_INTERVAL")
        .contains("\"soon\"");
  }

  private String child(Map<String, String> environment) throws Exception {
    return Jvm.of(Child.class).environment(environment).run(db.url());
  }

  /** A program that works one job with a worker that knows nothing but the environment. */
  static final class Child {

    private Child() {}

    public static void main(String[] args) {
      PGSimpleDataSource dataSource = new PGSimpleDataSource();
      dataSource.setUrl(args[0]);
      try (Qg qg = Qg.create(dataSource)) {
        WorkMap map =
            WorkMap.of(
                "Greet", job -> System.out.println("worker: " + job.type() + " in " + job.queue()));
        Worker.builder(qg, map).build().workOne();
        System.out.println("pool: " + Defaults.of(System.getenv()));
      }
    }
  }
}
