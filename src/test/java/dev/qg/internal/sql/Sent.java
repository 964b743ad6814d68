package dev.qg.internal.sql;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Consumer;
import org.jooq.exception.DataAccessException;

/** The SQL that a statement class sends, word for word. */
final class Sent {

  private static final String STOPPED = "stopped before it was sent";

  private Sent() {}

  /** Lets the statement prepare its SQL, and keeps it from going further. */
  static String by(Consumer<Connection> execute) {
    StringBuilder sent = new StringBuilder();
    Connection recorder =
        (Connection)
            Proxy.newProxyInstance(
                Sent.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (self, method, args) -> {
                  if (!method.getName().equals("prepareStatement")) {
                    throw new UnsupportedOperationException(method.getName());
                  }
                  // What follows the failure is not what it would send.
                  if (sent.isEmpty()) {
                    sent.append(args[0]);
                  }
                  throw new SQLException(STOPPED);
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
