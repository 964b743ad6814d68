package dev.qg.internal.work;

import java.util.List;
import java.util.OptionalInt;
import javax.sql.DataSource;

/** The most connections that a {@code DataSource} has, as far as it tells. */
public final class PoolCapacity {

  /** Those of HikariCP, DBCP 2, tomcat-jdbc and c3p0, none of which is a dependency. */
  private static final List<String> GETTERS =
      List.of("getMaximumPoolSize", "getMaxTotal", "getMaxActive", "getMaxPoolSize");

  private PoolCapacity() {}

  /** Empty if it doesn't tell, or knows no limit. */
  public static OptionalInt of(DataSource dataSource) {
    for (String getter : GETTERS) {
      try {
        if (dataSource.getClass().getMethod(getter).invoke(dataSource) instanceof Integer most
            && most > 0) {
          return OptionalInt.of(most);
        }
      } catch (ReflectiveOperationException | RuntimeException e) {
        // It has no such method, or not for us: it is another pool.
      }
    }
    return OptionalInt.empty();
  }
}
