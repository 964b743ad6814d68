package dev.qg.internal.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jooq.JSON;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.ParserException;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGStatement;

/**
 * A statement of the DSL that was rendered once and is kept: rendering the lock query costs more
 * than running it. Immutable and safe for use by many threads.
 */
final class Rendered {

  /** Whether the server keeps the statement, and so in the end its plan, for the session. */
  enum Preparation {
    /** The driver waits for a fifth use by default. */
    AS_THE_DRIVER_DOES,
    AT_FIRST_USE,
    NEVER
  }

  /** Reads one row of a result. */
  interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  /** Reads what several statements have come to. */
  interface ResultsReader<T> {
    T read(Results results) throws SQLException;
  }

  private interface Execution<T> {
    T execute(PreparedStatement statement) throws SQLException;
  }

  private final String sql;
  private final int[] slots;
  private final Preparation preparation;
  private final SqlErrors errors;

  /**
   * @param slots for each question mark in {@code sql}, the position of its value among those given
   *     to {@link #query}, {@link #update} and {@link #queryAll}
   * @param preparation when the server prepares it on a connection
   */
  Rendered(String sql, int[] slots, Preparation preparation, SqlErrors errors) {
    this.sql = sql;
    this.slots = slots;
    this.preparation = preparation;
    this.errors = errors;
  }

  String sql() {
    return sql;
  }

  /** Runs the statement and reads all rows of its result. */
  <T> List<T> query(Connection connection, RowReader<T> reader, @Nullable Object... values) {
    return execute(
        connection,
        statement -> {
          try (ResultSet rows = statement.executeQuery()) {
            return read(rows, reader);
          }
        },
        values);
  }

  static <T> List<T> read(ResultSet rows, RowReader<T> reader) throws SQLException {
    List<T> result = new ArrayList<>();
    while (rows.next()) {
      result.add(reader.read(rows));
    }
    return result;
  }

  /** Runs the statement and returns how many rows it hit. */
  int update(Connection connection, @Nullable Object... values) {
    return execute(connection, PreparedStatement::executeUpdate, values);
  }

  /** Runs several statements that were rendered as one, and reads what each of them comes to. */
  <T> T queryAll(Connection connection, ResultsReader<T> reader, @Nullable Object... values) {
    return execute(connection, statement -> reader.read(Results.of(statement)), values);
  }

  private <T> T execute(Connection connection, Execution<T> execution, @Nullable Object... values) {
    try (PreparedStatement statement = prepare(connection, values)) {
      return execution.execute(statement);
    } catch (SQLException e) {
      throw errors.translate(sql, e);
    } catch (ParserException e) {
      throw new DataAccessException(
          "The connection parses SQL by jOOQ, as one of parsingConnection() does, but PostgreSQL knows"
              + " more than that: give qg the connection, the DSLContext or the DataSource beneath it",
          e);
    }
  }

  private PreparedStatement prepare(Connection connection, @Nullable Object... values)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      if (preparation != Preparation.AS_THE_DRIVER_DOES
          && statement.isWrapperFor(PGStatement.class)) {
        setThreshold(statement.unwrap(PGStatement.class));
      }
      for (int i = 0; i < slots.length; i++) {
        bind(connection, statement, i + 1, values[slots[i]]);
      }
      return statement;
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }

  /** Who has told the driver never to prepare (0) is obeyed. */
  private void setThreshold(PGStatement statement) throws SQLException {
    int threshold = preparation == Preparation.NEVER ? 0 : 1;
    if (statement.getPrepareThreshold() > threshold) {
      statement.setPrepareThreshold(threshold);
    }
  }

  private static void bind(
      Connection connection, PreparedStatement statement, int index, @Nullable Object value)
      throws SQLException {
    if (value instanceof JSON json) {
      statement.setString(index, json.data());
    } else if (value instanceof OffsetDateTime time) {
      // The driver would send what lies before 4713-01-01 BC as -infinity.
      statement.setObject(index, TimestampText.of(time), Types.OTHER);
    } else if (value instanceof OffsetDateTime[] times) {
      String[] texts = new String[times.length];
      for (int i = 0; i < texts.length; i++) {
        texts[i] = TimestampText.of(times[i]);
      }
      statement.setArray(index, connection.createArrayOf("timestamptz", texts));
    } else if (value instanceof String[] texts) {
      statement.setArray(index, connection.createArrayOf("text", texts));
    } else if (value instanceof Long[] numbers) {
      statement.setArray(index, connection.createArrayOf("int8", numbers));
    } else if (value instanceof Double[] numbers) {
      statement.setArray(index, connection.createArrayOf("float8", numbers));
    } else if (value instanceof Short[] numbers) {
      statement.setArray(index, connection.createArrayOf("int2", numbers));
    } else {
      statement.setObject(index, value);
    }
  }
}
