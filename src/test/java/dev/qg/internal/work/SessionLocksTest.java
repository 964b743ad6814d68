package dev.qg.internal.work;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.Job;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import dev.qg.internal.work.SessionLocks.Taken;
import java.util.Collections;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a look for jobs tells of those that it has locked and doesn't hold. */
class SessionLocksTest {

  private static final int ENOUGH = 1_000;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void aLookIsNotCutByAJobThatOthersHaveDoneMeanwhile() {
    db.qg().enqueueAll(Collections.nCopies(4, Job.of("Do")));
    long last = db.jobs().get(3).getJobId();
    DataSource doneMeanwhile =
        Intercept.before(
            db.dataSource(),
            (connection, sql) -> {
              if (Sql.looksAgain(sql)) {
                db.ctx().execute("delete from que_jobs where job_id = " + last);
              }
            });

    Taken taken = take(doneMeanwhile, ENOUGH);

    assertThat(taken.isCut()).isFalse();
    assertThat(taken.rows()).hasSize(3);
    assertThat(taken.locked()).extracting(JobKey::id).hasSize(4).endsWith(last);
  }

  @Test
  void aLookIsCutWhereThereIsNoRoomForMore() {
    db.qg().enqueueAll(Collections.nCopies(4, Job.of("Do").withArgs("[12345]")));

    Taken taken = take(db.dataSource(), 15);

    assertThat(taken.isCut()).isTrue();
    assertThat(taken.rows()).hasSize(2);
    assertThat(taken.locked()).isEqualTo(taken.rows().stream().map(JobRow::key).toList());
  }

  private static Taken take(DataSource dataSource, long room) {
    try (Session session = Session.open(new Connections(dataSource), Statements.of(null))) {
      Taken taken = session.locks().take("", 10, null, List.of(), room);
      session.locks().release(taken.rows().stream().map(row -> row.key().id()).toList());
      return taken;
    }
  }
}
