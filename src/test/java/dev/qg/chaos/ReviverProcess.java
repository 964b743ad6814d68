package dev.qg.chaos;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.Qg;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;

/** A process that revives dead jobs, as a person would who has mended what they died of. */
final class ReviverProcess {

  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(500);

  private ReviverProcess() {}

  /** What each {@link Part} is told. */
  public static void main(String[] args) {
    Applications.begin();
    HikariDataSource dataSource = Applications.dataSource(args[0], args[1], 1);
    Qg qg = Qg.create(dataSource);
    DSLContext ctx = DSL.using(dataSource, SQLDialect.POSTGRES);
    Applications.start("reviver", () -> revive(qg, ctx));
    Applications.ready();
  }

  private static void revive(Qg qg, DSLContext ctx) {
    while (true) {
      try {
        ctx.transaction(tx -> reviveAll(qg, tx.dsl()));
      } catch (DataAccessException e) {
        // They are dead still, or revived: the next look tells.
      }
      LockSupport.parkNanos(PAUSE);
    }
  }

  private static void reviveAll(Qg qg, DSLContext tx) {
    List<Long> dead = Orders.noteRevivals(tx);
    if (!dead.isEmpty() && qg.revive(tx, dead) != dead.size()) {
      throw new IllegalStateException("Not all of these were dead: " + dead);
    }
  }
}
