package dev.qg.internal.sql;

import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.PGConnection;
import org.postgresql.jdbc.PreferQueryMode;

/** Several statements in one round trip, for which the driver must be known and fit. */
public final class OneTrip {

  private OneTrip() {}

  /**
   * Whether the driver sends statements together so that the server stops at the first that fails,
   * and can read what they come to. With {@code preferQueryMode=simple}, the server goes on with
   * the next one. With a {@code prepareThreshold} of -1, which means all results in binary, the
   * driver asks for the columns of all of them with each. Where something hides the driver's
   * connection, nothing is known.
   */
  public static boolean isFor(Connection session) {
    try {
      if (!session.isWrapperFor(PGConnection.class)) {
        return false;
      }
      PGConnection driver = session.unwrap(PGConnection.class);
      return driver.getPreferQueryMode() != PreferQueryMode.SIMPLE
          && driver.getPrepareThreshold() >= 0;
    } catch (SQLException e) {
      return false;
    }
  }
}
