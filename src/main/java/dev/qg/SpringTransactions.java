package dev.qg;

import java.lang.reflect.Method;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The transactions that Spring binds to threads, if the application has Spring, which is no
 * dependency of this library. Thread-safe.
 */
final class SpringTransactions {

  private static final String PROXY =
      "org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy";
  private static final String MANAGER =
      "org.springframework.transaction.support.TransactionSynchronizationManager";

  private final DataSource dataSource;
  private final @Nullable Method isActive = method("isActualTransactionActive");
  private final @Nullable Method isBound = method("hasResource", Object.class);

  SpringTransactions(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** Whether its connections, or those of what it wraps, belong to the transaction of a thread. */
  static boolean areSharedBy(DataSource dataSource) {
    try {
      return dataSource.isWrapperFor(load(PROXY));
    } catch (Exception | LinkageError e) {
      // There is no such proxy, or one that doesn't say: its transaction is noticed when it has
      // begun.
      return false;
    }
  }

  /** Whether this thread has a transaction open on the {@code DataSource}. */
  boolean isOpen() {
    try {
      return isActive != null
          && isBound != null
          && Boolean.TRUE.equals(isActive.invoke(null))
          && Boolean.TRUE.equals(isBound.invoke(null, dataSource));
    } catch (ReflectiveOperationException | RuntimeException e) {
      return false;
    }
  }

  private static @Nullable Method method(String name, Class<?>... parameters) {
    try {
      return load(MANAGER).getMethod(name, parameters);
    } catch (ReflectiveOperationException | LinkageError e) {
      return null;
    }
  }

  private static Class<?> load(String name) throws ClassNotFoundException {
    return Class.forName(name, false, SpringTransactions.class.getClassLoader());
  }
}
