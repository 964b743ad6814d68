package dev.qg;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.qg.internal.sql.StorableText;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Checks what callers give us; each message names the argument and its value. */
final class Check {

  private static final int LONGEST_QUEUE = 2_600;

  private Check() {}

  static <T> T notNull(String name, @Nullable T value) {
    if (value == null) {
      throw new NullPointerException(name + " must not be null");
    }
    return value;
  }

  /** What a client does by itself it would do in, and to, the transactions of others. */
  static DataSource dataSource(DataSource dataSource) {
    if (SpringTransactions.areSharedBy(notNull("dataSource", dataSource))) {
      throw new IllegalArgumentException(
          "dataSource is a TransactionAwareDataSourceProxy, whose connections belong to the"
              + " transaction of their thread, or wraps one. Give Qg the connection pool itself (its"
              + " getTargetDataSource()), and enqueue within a transaction by qg.enqueue(ctx, job),"
              + " where ctx may use the proxy");
    }
    return dataSource;
  }

  static String type(String type) {
    if (notNull("type", type).isBlank()) {
      throw new MissingTypeException();
    }
    return StorableText.require("type", type);
  }

  /** An entry of the primary key's index has room for 2,704 bytes. */
  static String queue(String queue) {
    StorableText.require("queue", notNull("queue", queue));
    int bytes = queue.getBytes(UTF_8).length;
    if (bytes > LONGEST_QUEUE) {
      throw new IllegalArgumentException(
          "queue must have at most "
              + LONGEST_QUEUE
              + " bytes in UTF-8, but has "
              + bytes
              + ": \""
              + StorableText.excerpt(queue)
              + "\"");
    }
    return queue;
  }

  static String schema(String schema) {
    if (notNull("schema", schema).isEmpty()) {
      throw new IllegalArgumentException("schema must not be empty");
    }
    return StorableText.require("schema", schema);
  }

  static int atLeastOne(String name, int number) {
    if (number < 1) {
      throw new IllegalArgumentException(name + " must be 1 or more, but is " + number);
    }
    return number;
  }

  static Duration positive(String name, Duration duration) {
    if (notNull(name, duration).isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(name + " must be more than 0, but is " + duration);
    }
    return duration;
  }

  static Duration notNegative(String name, Duration duration) {
    if (notNull(name, duration).isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative, but is " + duration);
    }
    return duration;
  }
}
