package dev.qg.internal.sql;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.chrono.IsoEra;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * The text form in which PostgreSQL reads and writes a {@code timestamptz}: years beyond 9999
 * without a sign, years before the first as BC, microseconds, and the infinities as the driver
 * stands for them.
 */
final class TimestampText {

  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS'+00'", Locale.ROOT);
  private static final DateTimeFormatter LONG_YEAR =
      DateTimeFormatter.ofPattern("yyyyyy-MM-dd HH:mm:ss.SSSSSS'+00'", Locale.ROOT);

  private static final DateTimeFormatter BEFORE_CHRIST =
      new DateTimeFormatterBuilder()
          .appendPattern("yyyy-MM-dd HH:mm:ss")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 6, true)
          .appendOffset("+HH:mm:ss", "+00")
          .appendLiteral(" BC")
          .parseDefaulting(ChronoField.ERA, IsoEra.BCE.getValue())
          .toFormatter(Locale.ROOT);

  private TimestampText() {}

  static String of(OffsetDateTime time) {
    if (time.equals(OffsetDateTime.MAX)) {
      return "infinity";
    }
    if (time.equals(OffsetDateTime.MIN)) {
      return "-infinity";
    }
    OffsetDateTime utc = time.withOffsetSameInstant(ZoneOffset.UTC).truncatedTo(ChronoUnit.MICROS);
    String text = (utc.getYear() > 9999 ? LONG_YEAR : FORMAT).format(utc);
    return utc.getYear() < 1 ? text + " BC" : text;
  }

  /** Reads one from a result. */
  static OffsetDateTime read(ResultSet row, int column) throws SQLException {
    try {
      return row.getObject(column, OffsetDateTime.class);
    } catch (DateTimeException e) {
      // The driver takes the year of 0001-02-29 BC for one of our era first, which has no such day.
      // It does so with text only: what is binary it can read.
      return OffsetDateTime.parse(row.getString(column), BEFORE_CHRIST);
    }
  }
}
