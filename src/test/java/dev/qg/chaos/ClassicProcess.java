package dev.qg.chaos;

import dev.qg.fixture.ClassicClient;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;

/**
 * A process that works orders as clients of other languages do on the same table. What it writes is
 * in one transaction with the deletion, on the session that holds the lock.
 */
final class ClassicProcess {

  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

  private ClassicProcess() {}

  /** What each {@link Part} is told. */
  public static void main(String[] args) {
    Applications.begin();
    Progress progress = new Progress();
    Applications.start("classic", () -> work(args[0], args[1], progress));
    Applications.ready();
    progress.report();
  }

  private static void work(String url, String name, Progress progress) {
    while (true) {
      try (Connection session = DriverManager.getConnection(url + "&ApplicationName=" + name);
          Connection outside = DriverManager.getConnection(url)) {
        work(
            DSL.using(session, SQLDialect.POSTGRES),
            DSL.using(outside, SQLDialect.POSTGRES),
            progress);
      } catch (SQLException | DataAccessException e) {
        LockSupport.parkNanos(PAUSE);
      }
    }
  }

  private static void work(DSLContext session, DSLContext outside, Progress progress) {
    ClassicClient client = new ClassicClient(session);
    while (true) {
      Plan.QUEUES.forEach(queue -> workOne(client, queue, session, outside, progress));
      LockSupport.parkNanos(PAUSE);
    }
  }

  private static void workOne(
      ClassicClient client,
      String queue,
      DSLContext session,
      DSLContext outside,
      Progress progress) {
    client.workOneInTransaction(
        queue,
        job -> {
          long order =
              session
                  .fetchSingle("select order_id from orders where job_id = ?", job.id())
                  .get(0, Long.class);
          Orders.call(
              outside,
              new Orders.Attempt(order, job.id(), job.errorCount(), job.queue(), job.priority()));
          if (Orders.isTransactional(order)) {
            Orders.effect(session, order, job.id());
          }
          progress.worked();
        });
  }
}
