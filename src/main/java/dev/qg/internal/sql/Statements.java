package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;

import org.jspecify.annotations.Nullable;

/**
 * All statements for the tables in one schema. Immutable and safe for use by many threads.
 *
 * @param where in which schema the tables are looked for, in words
 */
public record Statements(
    LockJob lockJob,
    LockJobs lockJobs,
    RereadJobs rereadJobs,
    ReadJobHead readJobHead,
    UnlockJobs unlockJobs,
    SelectOwnLocks selectOwnLocks,
    SelectBackend selectBackend,
    SpareLocks spareLocks,
    SelectReadOnly selectReadOnly,
    DeleteJob deleteJob,
    FinishJob finishJob,
    DeleteJobs deleteJobs,
    ScheduleRetry scheduleRetry,
    ScheduleRetries scheduleRetries,
    BuryJob buryJob,
    ReviveJobs reviveJobs,
    InsertJob insertJob,
    BulkInsert bulkInsert,
    NotifyJobs notifyJobs,
    ProbeTransaction probeTransaction,
    Listen listen,
    SelectStats selectStats,
    SelectWorking selectWorking,
    AdjustSession toPlan,
    AdjustSession toWork,
    AdjustSession toHold,
    AdjustSession toWrite,
    AdjustSession toWriteWhatIsFree,
    FindTable findJobs,
    FindTable findDeadJobs,
    String where) {

  /** What to do about a table that is not there. */
  public static final String HOW_TO_MAKE_TABLES =
      "the migrations in the jar of qg-jooq make the tables of the queue; run Flyway with the"
          + " location classpath:qg/migration and a history table of its own, qg_schema_history, or"
          + " run the files of qg/migration with psql";

  /**
   * Renders the statements.
   *
   * @param schema the schema of the tables, or null to leave that to the session's search path
   */
  public static Statements of(@Nullable String schema) {
    Renderer renderer = new Renderer(schema);
    return new Statements(
        new LockJob(renderer),
        new LockJobs(renderer),
        new RereadJobs(renderer),
        new ReadJobHead(renderer),
        new UnlockJobs(renderer),
        new SelectOwnLocks(renderer),
        new SelectBackend(renderer),
        new SpareLocks(renderer),
        new SelectReadOnly(renderer),
        new DeleteJob(renderer),
        new FinishJob(renderer),
        new DeleteJobs(renderer),
        new ScheduleRetry(renderer),
        new ScheduleRetries(renderer),
        new BuryJob(renderer),
        new ReviveJobs(renderer),
        new InsertJob(renderer),
        new BulkInsert(renderer),
        new NotifyJobs(renderer),
        new ProbeTransaction(renderer),
        new Listen(renderer),
        new SelectStats(renderer),
        new SelectWorking(renderer),
        new AdjustSession(renderer, AdjustSession.TO_PLAN),
        AdjustSession.unlessSet(renderer, AdjustSession.TO_WORK),
        new AdjustSession(renderer, AdjustSession.TO_HOLD),
        new AdjustSession(renderer, AdjustSession.TO_WRITE),
        new AdjustSession(renderer, AdjustSession.TO_WRITE_WHAT_IS_FREE),
        new FindTable(renderer, QUE_JOBS),
        new FindTable(renderer, QG_DEAD_JOBS),
        renderer.where());
  }
}
