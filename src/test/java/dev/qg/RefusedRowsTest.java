package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.TestDatabase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jooq.exception.DataAccessException;
import org.jooq.exception.IntegrityConstraintViolationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs that the table does not take are an error of the caller's, at any number. */
class RefusedRowsTest {

  private static final int LONGEST_QUEUE = 2_600;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private void createTrigger(String body) {
    db.ctx()
        .execute(
            "create function change() returns trigger language plpgsql as 'begin "
                + body
                + " end'");
    db.ctx()
        .execute(
            "create trigger change before insert on que_jobs"
                + " for each row execute function change()");
  }

  @Test
  void aSuppressedJobHasNoId() {
    createTrigger("return null;");

    assertThatThrownBy(() -> db.qg().enqueue(Job.of("A")))
        .isInstanceOf(DataAccessException.class)
        .hasMessageContaining("has not taken 1 of 1 jobs")
        .hasMessageContaining("trigger");
    assertThatThrownBy(() -> db.ctx().transaction(cfg -> db.qg().enqueue(cfg, Job.of("A"))))
        .hasMessageContaining("trigger");
  }

  /** The larger number is copied. */
  @ParameterizedTest
  @ValueSource(ints = {2, 600})
  void whereOneIsSuppressedNoneIsEnqueued(int count) {
    createTrigger("if new.job_class = ''Not'' then return null; end if; return new;");
    List<Job> jobs = new ArrayList<>(Collections.nCopies(count - 1, Job.of("A")));
    jobs.add(Job.of("Not"));

    assertThatThrownBy(() -> db.qg().enqueueAll(jobs))
        .hasMessageContaining("has not taken 1 of " + count + " jobs");

    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void anIdThatIsChangedIsNotReturned() {
    createTrigger("new.job_id := -new.job_id; return new;");

    assertThatThrownBy(() -> db.qg().enqueueAll(List.of(Job.of("A"), Job.of("B"))))
        .hasMessageContaining("has not taken 2 of 2 jobs as they were sent");

    assertThat(db.jobs()).isEmpty();
    long id = db.qg().enqueue(Job.of("A"));
    assertThat(db.job(id)).as("the id is that of the row").isNotNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 600})
  void aViolatedConstraintIsWhatItIsToJooq(int count) {
    db.ctx().execute("create unique index on que_jobs (job_class)");
    db.enqueue("A");
    assertThatThrownBy(() -> db.ctx().insertInto(QUE_JOBS).set(QUE_JOBS.JOB_CLASS, "A").execute())
        .isInstanceOf(IntegrityConstraintViolationException.class);

    assertThatThrownBy(() -> db.qg().enqueueAll(Collections.nCopies(count, Job.of("A"))))
        .isInstanceOf(IntegrityConstraintViolationException.class);
    assertThatThrownBy(() -> db.qg().enqueue(Job.of("A")))
        .isInstanceOf(IntegrityConstraintViolationException.class);
  }

  @Test
  void theLongestNameOfAQueueHasRoomInTheIndex() {
    String longest = random('!', '~', LONGEST_QUEUE);
    String chinese = random('\u4e00', '\u9fff', LONGEST_QUEUE / 3);

    for (String queue : List.of(longest, chinese)) {
      long id = db.qg().enqueue(Job.of("A").withQueue(queue));
      db.qg().enqueueAll(Collections.nCopies(600, Job.of("A").withQueue(queue)));
      assertThat(db.job(id).getQueue()).isEqualTo(queue);
      assertThatThrownBy(() -> Job.of("A").withQueue(queue + queue.charAt(0)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("queue must have at most 2600 bytes in UTF-8, but has 260");
    }
  }

  private static String random(int first, int last, int length) {
    Random random = new Random(1);
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      text.append((char) random.nextInt(first, last + 1));
    }
    return text.toString();
  }
}
