package dev.qg.internal.sql;

import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.generateSeries;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import org.jooq.Field;
import org.jooq.Query;
import org.jooq.impl.SQLDataType;

/**
 * Keeps some entries of the server's lock table for the time when there is no other left. Whoever
 * writes needs one, for the number of its transaction: with the table full of the locks of jobs, no
 * end of a job could be committed, and so none of those locks given back.
 *
 * <pre>{@code
 * select pg_try_advisory_lock(1903585906, ((pg_backend_pid() * 4) + "spare"))
 * from generate_series(0, 3) as "spare" ("spare")
 * }</pre>
 *
 * <p><b>Locks</b>: advisory ones with two keys, which never are those of a job: the first key is
 * the same for all, the second one makes each lock the session's own, since a lock that several
 * hold is one entry. <b>Index</b>: none, it reads no table. <b>Concurrency</b>: what is given up
 * can be taken by anybody, not only by who it was meant for.
 */
public final class SpareLocks {

  /** Chosen at random, so that no other program uses it by chance. */
  private static final int FIRST_KEY = 0x7176_6a72;

  /** For a transaction, for tables that have to grow for what it writes, and to spare. */
  private static final int SPARES = 4;

  private static final Field<Integer> SPARE = field(name("spare"), SQLDataType.INTEGER);

  private final Rendered take;
  private final Rendered giveUp;

  SpareLocks(Renderer renderer) {
    take = renderer.render(take());
    giveUp = renderer.render(giveUp());
  }

  static Query take() {
    return ofEach("pg_try_advisory_lock");
  }

  static Query giveUp() {
    return ofEach("pg_advisory_unlock");
  }

  private static Query ofEach(String function) {
    Field<Integer> own = Functions.backendPid().mul(inline(SPARES)).plus(SPARE);
    return select(function(function, SQLDataType.BOOLEAN, inline(FIRST_KEY), own))
        .from(generateSeries(inline(0), inline(SPARES - 1)).as("spare", "spare"));
  }

  /** Takes them; if that fails, some of them may be held. */
  public void take(Connection session) {
    take.query(session, row -> row.getBoolean(1));
  }

  /** Gives up those that are held. */
  public void giveUp(Connection session) {
    giveUp.query(session, row -> row.getBoolean(1));
  }
}
