package dev.qg;

import dev.qg.internal.sql.Statements;
import dev.qg.internal.work.Inside;
import java.sql.Connection;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;

/** Turns what is read of the queue and of pools into the values of the API. */
final class Views {

  private Views() {}

  static List<JobStats> stats(Statements sql, Connection connection) {
    return sql.selectStats().execute(connection).stream()
        .map(
            row ->
                new JobStats(
                    row.queue(),
                    row.type(),
                    row.count(),
                    row.countWorking(),
                    row.countErrored(),
                    row.highestErrorCount(),
                    row.oldestRunAt().toInstant()))
        .toList();
  }

  static List<WorkingJob> working(Statements sql, Connection connection) {
    return sql.selectWorking().execute(connection).stream()
        .map(
            row ->
                new WorkingJob(
                    row.key().id(),
                    row.key().queue(),
                    row.type(),
                    row.key().priority(),
                    row.key().runAt().toInstant(),
                    row.errorCount(),
                    row.pid(),
                    Optional.ofNullable(row.applicationName()),
                    Optional.ofNullable(row.clientAddress()),
                    Optional.ofNullable(row.since()).map(OffsetDateTime::toInstant)))
        .toList();
  }

  static PoolSnapshot snapshot(Inside inside) {
    return new PoolSnapshot(
        inside.taken(),
        inside.givenBack(),
        inside.worked(),
        inside.failed(),
        inside.lost(),
        inside.waiting(),
        inside.running(),
        Math.max(0, inside.locked() - inside.waiting() - inside.running()),
        inside.takes(),
        inside.endStatements(),
        inside.endedByThem(),
        Optional.ofNullable(inside.sessionAge()),
        Optional.ofNullable(inside.sinceSweep()));
  }
}
