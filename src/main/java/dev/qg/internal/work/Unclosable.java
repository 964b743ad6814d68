package dev.qg.internal.work;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import org.jspecify.annotations.Nullable;

/**
 * A connection that somebody uses and doesn't own. A try-with-resources around it, as many write it
 * by habit, would give the session back to its pool with the job's lock on it.
 */
final class Unclosable {

  private Unclosable() {}

  /** The same connection, but that its close does nothing. */
  static Connection of(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            Unclosable.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) ->
                method.getName().equals("close") ? null : call(connection, method, arguments));
  }

  private static @Nullable Object call(
      Connection connection, Method method, Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(connection, arguments);
    } catch (InvocationTargetException e) {
      throw e.getTargetException();
    }
  }
}
