package dev.qg.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.Job;
import dev.qg.Qg;
import dev.qg.fixture.TestDatabase;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The roles of docs/operating.md can do nothing but their part. */
class RoleLimitsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Roles roles;

  @BeforeEach
  void makeRoles() {
    roles = Roles.make(db);
  }

  @Test
  void mayOnlyEnqueue() {
    assertMayNot(
        "qg_enqueue",
        "select job_class from que_jobs",
        "select args from que_jobs",
        "select last_error from que_jobs",
        "insert into que_jobs (job_class, error_count) values ('A', 1)",
        "update que_jobs set run_at = now()",
        "delete from que_jobs",
        "select job_id from qg_dead_jobs",
        "select setval('que_jobs_job_id_seq', 1)");
  }

  @Test
  void mayOnlyWork() {
    assertMayNot(
        "qg_work",
        "insert into que_jobs (job_class) values ('A')",
        "select nextval('que_jobs_job_id_seq')",
        "update que_jobs set args = '[]'",
        "update que_jobs set queue = 'other'",
        "truncate que_jobs",
        "alter table que_jobs add mine text",
        "drop table que_jobs",
        "create table mine ()",
        "select job_id from qg_dead_jobs",
        "delete from qg_dead_jobs");
  }

  @Test
  void mayOnlyReadStats() {
    assertMayNot(
        "qg_stats",
        "select args from que_jobs",
        "select last_error from que_jobs",
        "insert into que_jobs (job_class) values ('A')",
        "update que_jobs set run_at = now()",
        "delete from que_jobs",
        "select job_id from qg_dead_jobs");
  }

  @Test
  void mayOnlyOperate() {
    assertMayNot(
        "qg_operate",
        "truncate que_jobs",
        "alter table qg_dead_jobs add mine text",
        "drop table que_jobs",
        "update que_jobs set args = '[]'");
  }

  @Test
  void mayNotDoThePartsOfOthers() {
    long id = db.enqueue("MyJob");
    Qg enqueuer = Qg.create(roles.login("qg_enqueue"));
    Qg worker = Qg.create(roles.login("qg_work"));
    Qg reader = Qg.create(roles.login("qg_stats"));
    for (Qg qg : List.of(worker, reader)) {
      assertRefused(() -> qg.enqueue(Job.of("MyJob")));
      assertRefused(() -> qg.enqueueAll(Collections.nCopies(1_000, Job.of("MyJob"))));
    }
    for (Qg qg : List.of(enqueuer, reader)) {
      assertRefused(() -> qg.lockJob(""));
    }
    for (Qg qg : List.of(enqueuer, worker, reader)) {
      assertRefused(() -> qg.revive(id));
    }
    assertRefused(enqueuer::stats);
    assertRefused(enqueuer::working);
    assertThat(db.jobs()).hasSize(1);
  }

  private void assertMayNot(String role, String... statements) {
    DSLContext ctx = roles.ctx(role);
    for (String sql : statements) {
      assertRefused(() -> ctx.execute(sql));
    }
  }

  private static void assertRefused(ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOfSatisfying(
            DataAccessException.class, e -> assertThat(e.sqlState()).isEqualTo("42501"));
  }
}
