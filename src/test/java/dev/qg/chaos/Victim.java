package dev.qg.chaos;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.Qg;
import dev.qg.WorkMap;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Sql;
import dev.qg.fixture.Way;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;

/** A process that works an order and stands still at a certain moment, to be killed there. */
final class Victim {

  /** What it says when it stands there. */
  static final String THERE = "there";

  /** When. */
  enum Moment {
    /** The job is locked, and nobody has looked again. */
    LOCKED,
    /** The handler runs, and has done nothing. */
    RUNNING,
    /** It has made its call, and written through the job's transaction. */
    WRITTEN,
    /** It has returned. */
    FINISHED,
    /** The job is deleted, in a transaction that is not committed. */
    DELETED,
    /** It is committed, and the lock is held. */
    COMMITTED
  }

  private final Moment last;

  private Victim(Moment last) {
    this.last = last;
  }

  /** The database's URL, the way, and the moment. */
  public static void main(String[] args) {
    new Victim(Moment.valueOf(args[2])).work(args[0], Way.valueOf(args[1]));
  }

  private void work(String url, Way way) {
    HikariDataSource dataSource = Applications.dataSource(url, "victim", 5);
    DSLContext outside = DSL.using(dataSource, SQLDialect.POSTGRES);
    WorkMap workMap =
        WorkMap.of(
            Orders.TYPE,
            job -> {
              reach(Moment.RUNNING);
              Orders.work(outside, job);
              reach(Moment.WRITTEN);
            });
    way.start(Qg.create(watched(dataSource)), workMap, "");
  }

  private DataSource watched(DataSource dataSource) {
    DataSource watched = before(dataSource, Sql::deletes, Moment.FINISHED);
    watched = before(watched, Sql::commits, Moment.DELETED);
    watched = before(watched, Sql::unlocks, Moment.COMMITTED);
    return Intercept.after(
        watched,
        (connection, sql) -> {
          if (Sql.locks(sql)) {
            reach(Moment.LOCKED);
          }
        });
  }

  private DataSource before(DataSource dataSource, Predicate<String> statement, Moment moment) {
    return Intercept.before(
        dataSource,
        (connection, sql) -> {
          if (statement.test(sql)) {
            reach(moment);
          }
        });
  }

  private void reach(Moment moment) {
    if (moment == last) {
      System.out.println(THERE);
      while (true) {
        LockSupport.park();
      }
    }
  }
}
