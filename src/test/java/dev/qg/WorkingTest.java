package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import java.time.Instant;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Everybody can see which jobs are being worked now, and by which session. */
class WorkingTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void tellsNothingWhereNothingIsWorked() {
    db.enqueue("MyJob");

    assertThat(db.qg().working()).isEmpty();
  }

  @Test
  void tellsTheJobAndTheSessionThatHoldsIt() throws Exception {
    long id = db.qg().enqueue(Job.of("MyJob").withQueue("q").withPriority(3));
    Instant before = db.ctx().fetchValue(DSL.field("clock_timestamp()", Instant.class));
    try (LockedJob job = db.qg().lockJob("q").orElseThrow()) {
      DSLContext session = DSL.using(job.connection());
      session.execute("set application_name = 'the worker'");
      int pid = session.fetchValue(DSL.field("pg_backend_pid()", Integer.class));
      String address = session.fetchValue(DSL.field("inet_client_addr()::text", String.class));

      assertThat(db.qg().working())
          .singleElement()
          .returns(id, WorkingJob::id)
          .returns("q", WorkingJob::queue)
          .returns("MyJob", WorkingJob::type)
          .returns((short) 3, WorkingJob::priority)
          .returns(job.runAt(), WorkingJob::runAt)
          .returns(0, WorkingJob::errorCount)
          .returns(pid, WorkingJob::pid)
          .satisfies(
              working -> {
                assertThat(working.applicationName()).contains("the worker");
                assertThat(address).startsWith(working.clientAddress().orElseThrow());
                assertThat(working.since().orElseThrow()).isAfter(before);
              });
      session.execute("reset application_name");
    }
    assertThat(db.qg().working()).isEmpty();
  }

  @Test
  void tellsOfOtherClientsToo() {
    long id = db.enqueue("MyJob");
    DSLContext other = db.session();
    other.execute("select pg_advisory_lock(" + id + ")");

    assertThat(db.qg().working())
        .singleElement()
        .returns(id, WorkingJob::id)
        .returns(other.fetchValue(DSL.field("pg_backend_pid()", Integer.class)), WorkingJob::pid);
    other.execute("select pg_advisory_unlock_all()");
  }

  @Test
  void isInTheOrderOfUrgency() {
    db.qg().enqueue(Job.of("Third").withPriority(3));
    db.qg().enqueue(Job.of("First").withPriority(1));
    db.qg().enqueue(Job.of("Second").withPriority(2));
    try (LockedJob first = lock();
        LockedJob second = lock();
        LockedJob third = lock()) {
      assertThat(db.qg().working())
          .extracting(WorkingJob::type)
          .containsExactly(first.type(), second.type(), third.type())
          .containsExactly("First", "Second", "Third");
    }
  }

  @Test
  void leavesOutWhatTheRoleMayNotSee() throws Exception {
    long id = db.enqueue("MyJob");
    db.ctx().execute("grant select on que_jobs to pg_signal_backend");
    try (LockedJob job = lock();
        var connection = db.dataSource().getConnection()) {
      DSLContext role = DSL.using(connection);
      role.execute("set role pg_signal_backend");

      assertThat(db.qg().working(role))
          .singleElement()
          .returns(id, WorkingJob::id)
          .satisfies(
              working -> {
                assertThat(working.pid()).isPositive();
                assertThat(working.clientAddress()).isEmpty();
                assertThat(working.since()).isEmpty();
              });
      assertThat(db.qg().stats(role)).singleElement().returns(1L, JobStats::countWorking);
      role.execute("reset role");
      assertThat(job.id()).isEqualTo(id);
    }
  }

  private LockedJob lock() {
    return db.qg().lockJob("").orElseThrow();
  }
}
