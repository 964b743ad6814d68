package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many jobs are enqueued at once as they would be one by one, all or none. */
class EnqueueAllTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 499, 500, 3_000})
  void returnsTheIdsInTheOrderOfTheJobs(int count) {
    List<Job> jobs = IntStream.range(0, count).mapToObj(i -> Job.of("Type" + i)).toList();

    List<Long> ids = db.qg().enqueueAll(jobs);

    assertThat(ids).hasSize(count).isSorted().doesNotHaveDuplicates();
    Map<Long, QueJobsRecord> stored = stored();
    assertThat(stored).hasSize(count);
    assertThat(ids)
        .extracting(id -> stored.get(id).getJobClass())
        .isEqualTo(jobs.stream().map(Job::type).toList());
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 32 * 300})
  void storesJobsThatSetDifferentFields(int count) {
    List<Job> jobs = IntStream.range(0, count).mapToObj(EnqueueAllTest::mixed).toList();

    List<Long> ids = db.qg().enqueueAll(jobs);

    Map<Long, QueJobsRecord> stored = stored();
    assertThat(stored).hasSize(count);
    for (int i = 0; i < count; i++) {
      assertStored(jobs.get(i), stored.get(ids.get(i)));
    }
  }

  @Test
  void acceptsAnyCollection() {
    Set<Job> jobs = Set.of(Job.of("A"), Job.of("B"), Job.of("C"));

    assertThat(db.qg().enqueueAll(jobs)).hasSize(3);

    assertThat(db.jobs())
        .extracting(QueJobsRecord::getJobClass)
        .containsExactlyInAnyOrder("A", "B", "C");
  }

  @Test
  void sendsNothingForNoJobs() {
    assertThat(db.qg().enqueueAll(List.of())).isEmpty();
    assertThat(db.qg().enqueueAll(Intercept.untouchable(), List.of())).isEmpty();
  }

  @Test
  void sendsNothingIfOneOfThemIsNull() {
    List<Job> jobs = new ArrayList<>(List.of(Job.of("A")));
    jobs.add(null);

    assertThatThrownBy(() -> db.qg().enqueueAll(Intercept.untouchable(), jobs))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("each of jobs must not be null");
  }

  @Test
  void copiesManyAndInsertsFew() {
    recordStatements();

    db.qg().enqueueAll(Collections.nCopies(500, Job.of("Many")));
    db.qg().enqueueAll(Collections.nCopies(499, Job.of("Few")));

    assertThat(statements()).hasSize(2).first().asString().startsWith("copy");
    assertThat(statements()).last().asString().startsWith("insert");
  }

  @Test
  void insertsManyThroughAConnectionThatHidesTheDriver() throws Exception {
    recordStatements();
    List<Job> jobs = IntStream.range(0, 32 * 300).mapToObj(EnqueueAllTest::mixed).toList();
    try (Connection connection = Intercept.opaque(db.dataSource().getConnection())) {
      List<Long> ids = db.qg().enqueueAll(connection, jobs);

      Map<Long, QueJobsRecord> stored = stored();
      for (int i = 0; i < jobs.size(); i++) {
        assertStored(jobs.get(i), stored.get(ids.get(i)));
      }
    }
    assertThat(statements()).hasSize(16).allMatch(sql -> sql.startsWith("insert"));
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 1_000})
  void isAllOrNothing(int count) {
    db.ctx().execute("alter table que_jobs add constraint no_bad check (job_class <> 'Bad')");
    List<Job> jobs =
        IntStream.range(0, count)
            .mapToObj(i -> i == count - 1 ? Job.of("Bad").withPriority(1) : Job.of("Good"))
            .toList();

    assertThatThrownBy(() -> db.qg().enqueueAll(jobs))
        .isInstanceOfSatisfying(
            DataAccessException.class, e -> assertThat(e.sqlState()).isEqualTo("23514"));

    assertThat(db.jobs()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 1_000})
  void leavesAConnectionUsableAfterAFailure(int count) throws Exception {
    db.ctx().execute("alter table que_jobs add constraint no_bad check (job_class <> 'Bad')");
    try (Connection connection = db.dataSource().getConnection()) {
      assertThatThrownBy(
              () -> db.qg().enqueueAll(connection, Collections.nCopies(count, Job.of("Bad"))))
          .isInstanceOf(DataAccessException.class);

      assertThat(connection.getAutoCommit()).isTrue();
      assertThat(db.qg().enqueueAll(connection, Collections.nCopies(count, Job.of("Good"))))
          .hasSize(count);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 1_000})
  void isUndoneWithItsNestedTransactionAlone(int count) {
    db.ctx()
        .transaction(
            outer -> {
              DSLContext tx = DSL.using(outer);
              db.qg().enqueueAll(tx, Collections.nCopies(count, Job.of("Kept")));
              assertThatThrownBy(
                      () ->
                          tx.transaction(
                              inner -> {
                                db.qg().enqueueAll(inner, Collections.nCopies(count, Job.of("X")));
                                throw new IllegalStateException("undo");
                              }))
                  .hasMessage("undo");
              assertThat(tx.fetchCount(QUE_JOBS)).isEqualTo(count);
            });

    assertThat(db.jobs()).hasSize(count).allMatch(job -> job.getJobClass().equals("Kept"));
  }

  /** Every combination of the fields that can be set. */
  private static Job mixed(int i) {
    Job job = Job.of("Type" + i);
    job = (i & 1) == 0 ? job : job.withQueue("queue" + i);
    job = (i & 2) == 0 ? job : job.withPriority(i);
    job = (i & 4) == 0 ? job : job.withRunAt(Instant.ofEpochSecond(i));
    job = (i & 8) == 0 ? job : job.withArgs("[" + i + "]");
    return (i & 16) == 0 ? job : job.withArgs("{\"a\":\"\\\\ \\t '" + i + "\"}");
  }

  private static void assertStored(Job job, QueJobsRecord row) {
    assertThat(row.getJobClass()).isEqualTo(job.type());
    assertThat(row.getQueue()).isEqualTo(job.queue().orElse(""));
    assertThat(row.getPriority()).isEqualTo(job.priority().orElse((short) 100));
    assertThat(row.getArgs()).isEqualTo(job.args().orElse(JSON.json("[]")));
    job.runAt().ifPresent(time -> assertThat(row.getRunAt().toInstant()).isEqualTo(time));
  }

  private Map<Long, QueJobsRecord> stored() {
    return db.jobs().stream()
        .collect(Collectors.toMap(QueJobsRecord::getJobId, Function.identity()));
  }

  private void recordStatements() {
    db.ctx()
        .execute(
            """
            create table statements (n serial, sql text);
            create function record_statement() returns trigger language plpgsql as
              $$ begin insert into statements (sql) values (current_query()); return null; end $$;
            create trigger record_statement after insert on que_jobs
              for each statement execute function record_statement();
            """);
  }

  private List<String> statements() {
    return db.ctx().fetch("select sql from statements order by n").into(String.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nextval('public.shared_ids')",
        "pg_catalog.nextval('\"shared_ids\"'::pg_catalog.regclass)"
      })
  void takesIdsFromTheSequenceOfTheDefault(String ids) {
    db.ctx().execute("create sequence shared_ids start 1000");
    db.ctx().execute("alter table que_jobs alter job_id set default " + ids);

    List<Long> taken = new ArrayList<>();
    taken.add(db.qg().enqueue(Job.of("A")));
    taken.addAll(db.qg().enqueueAll(List.of(Job.of("A"), Job.of("B"))));
    taken.addAll(db.qg().enqueueAll(Collections.nCopies(600, Job.of("A"))));
    taken.add(db.qg().enqueue(Job.of("A")));

    assertThat(taken).isEqualTo(LongStream.range(1000, 1604).boxed().toList());
  }

  @Test
  void takesIdsFromTheSequenceOfAnIdentity() {
    db.ctx()
        .execute(
            """
            alter table que_jobs alter job_id drop default;
            drop sequence que_jobs_job_id_seq;
            alter table que_jobs alter job_id add generated by default as identity (start 1000);
            """);

    assertThat(db.qg().enqueueAll(List.of(Job.of("A"), Job.of("B")))).containsExactly(1000L, 1001L);
    assertThat(db.qg().enqueue(Job.of("A"))).isEqualTo(1002);
  }

  @ParameterizedTest
  @ValueSource(strings = {"drop default", "set default 7", "set default nextval('shared_ids') * 2"})
  void saysWhatIsWrongWithATableWhoseIdsHaveNoSequence(String change) {
    db.ctx().execute("create sequence shared_ids");
    db.ctx().execute("alter sequence que_jobs_job_id_seq owned by none");
    db.ctx().execute("alter table que_jobs alter job_id " + change);

    assertThatThrownBy(() -> db.qg().enqueueAll(List.of(Job.of("A"), Job.of("B"))))
        .isInstanceOf(DataAccessException.class)
        .hasMessageContaining("The default of que_jobs.job_id is not the next value of a sequence");
    assertThat(db.jobs()).isEmpty();
  }
}
