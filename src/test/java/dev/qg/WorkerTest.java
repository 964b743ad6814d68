package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A worker works the jobs of its queue one at a time, and survives whatever they do. */
class WorkerTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void worksOneJobAndDeletesIt() {
    db.enqueue("Greet");
    db.qg().enqueueAll(java.util.List.of(Job.of("Greet"), Job.of("Greet").withPriority(4)));
    java.util.List<String> seen = new java.util.ArrayList<>();
    Worker worker =
        Worker.builder(
                db.qg(),
                WorkMap.of(
                    "Greet",
                    job -> {
                      seen.add(job.type() + job.priority());
                      System.out.println(db.qg().working());
                      System.out.println(db.qg().stats());
                      job.tx().execute("select 1");
                    }))
            .build();
    assertThat(worker.workOne()).isTrue();
    assertThat(worker.workOne()).isTrue();
    assertThat(worker.workOne()).isTrue();
    assertThat(worker.workOne()).isFalse();
    assertThat(seen).containsExactly("Greet4", "Greet100", "Greet100");
    assertThat(db.jobs()).isEmpty();
  }
}
