package dev.qg.internal.work;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a job's holder sees of the session: a connection for as long as the job's transaction, which
 * cannot be taken from the job. A try-with-resources around it, as many write it by habit, would
 * give the session back to its pool with the job's lock on it, and a handler's own commit would
 * part its writes from the job's deletion.
 */
final class JobConnection implements InvocationHandler {

  private static final Set<String> ENDS = Set.of("commit", "rollback", "setAutoCommit", "abort");

  private final HeldJob job;
  private final boolean mayEnd;

  private JobConnection(HeldJob job, boolean mayEnd) {
    this.job = job;
    this.mayEnd = mayEnd;
  }

  /**
   * The connection of a job's transaction.
   *
   * @param mayEnd whether the holder may commit and roll back by hand
   */
  static Connection of(HeldJob job, boolean mayEnd) {
    return (Connection)
        Proxy.newProxyInstance(
            JobConnection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            new JobConnection(job, mayEnd));
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    switch (method.getName()) {
      case "close" -> {
        return null;
      }
      case "equals" -> {
        return arguments != null && proxy == arguments[0];
      }
      case "hashCode" -> {
        return System.identityHashCode(proxy);
      }
      default -> {
        if (!mayEnd && ends(method)) {
          throw new IllegalStateException(
              "A handler can't "
                  + method.getName()
                  + " the transaction of "
                  + job
                  + ": its worker does that, together with the job's deletion");
        }
        return call(method, arguments);
      }
    }
  }

  /** A rollback to a savepoint is the handler's own business. */
  private static boolean ends(Method method) {
    return ENDS.contains(method.getName())
        && !(method.getName().equals("rollback") && method.getParameterCount() > 0);
  }

  private @Nullable Object call(Method method, Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(job.begin(), arguments);
    } catch (InvocationTargetException e) {
      throw e.getTargetException();
    }
  }
}
