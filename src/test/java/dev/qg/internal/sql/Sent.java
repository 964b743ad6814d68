package dev.qg.internal.sql;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Consumer;
import org.jooq.exception.DataAccessException;
import org.postgresql.PGConnection;
import org.postgresql.jdbc.PreferQueryMode;

/** The SQL that a statement class sends, word for word. */
final class Sent {

  private static final String STOPPED = "stopped before it was sent";

  private Sent() {}

  /** Lets the statement prepare its SQL, and keeps it from going further. */
  static String by(Consumer<Connection> execute) {
    return by(execute, true);
  }

  /** The same where something hides the driver's connection. */
  static String whereTheDriverIsHidden(Consumer<Connection> execute) {
    return by(execute, false);
  }

  private static String by(Consumer<Connection> execute, boolean known) {
    StringBuilder sent = new StringBuilder();
    Connection recorder =
        (Connection)
            Proxy.newProxyInstance(
                Sent.class.getClassLoader(),
                new Class<?>[] {Connection.class, PGConnection.class},
                (self, method, args) ->
                    switch (method.getName()) {
                      case "isWrapperFor" -> known;
                      case "unwrap" -> self;
                      case "getPreferQueryMode" -> PreferQueryMode.EXTENDED;
                      case "getPrepareThreshold" -> 5;
                      case "prepareStatement" -> {
                        // What follows the failure is not what it would send.
                        if (sent.isEmpty()) {
                          sent.append(args[0]);
                        }
                        throw new SQLException(STOPPED);
                      }
                      default -> throw new UnsupportedOperationException(method.getName());
                    });
    try {
      execute.accept(recorder);
      throw new AssertionError("Nothing was prepared");
    } catch (DataAccessException e) {
      if (!e.getMessage().contains(STOPPED)) {
        throw e;
      }
    }
    return sent.toString();
  }
}
