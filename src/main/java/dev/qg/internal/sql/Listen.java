package dev.qg.internal.sql;

import java.sql.Connection;
import org.jooq.Query;
import org.jooq.impl.DSL;

/**
 * Listens for what is told of new jobs, on a session that is kept for it.
 *
 * <pre>{@code
 * listen "qg_jobs"
 * }</pre>
 *
 * <p><b>Locks</b>: none that anybody waits for for long. <b>Index</b>: none. <b>Concurrency</b>:
 * what is committed after it is told; what was committed before must be looked for.
 */
public final class Listen {

  private final Rendered listen;
  private final Rendered unlisten;

  Listen(Renderer renderer) {
    listen = renderer.render(query("listen"));
    unlisten = renderer.render(query("unlisten"));
  }

  /** The DSL has no word for it; the name of the channel is rendered by jOOQ. */
  static Query query(String command) {
    return DSL.query("{0} {1}", DSL.keyword(command), DSL.name(JobNotice.CHANNEL));
  }

  /** Begins to listen. */
  public void execute(Connection session) {
    listen.update(session);
  }

  /** Ends it, so that the session can be used for something else. */
  public void end(Connection session) {
    unlisten.update(session);
  }
}
