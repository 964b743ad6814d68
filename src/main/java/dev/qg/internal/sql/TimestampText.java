package dev.qg.internal.sql;

import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * The text form in which PostgreSQL reads a {@code timestamptz}: years beyond 9999 without a sign,
 * years before the first as BC, microseconds, and the infinities as the driver stands for them.
 */
final class TimestampText {

  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS'+00'", Locale.ROOT);
  private static final DateTimeFormatter LONG_YEAR =
      DateTimeFormatter.ofPattern("yyyyyy-MM-dd HH:mm:ss.SSSSSS'+00'", Locale.ROOT);

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
}
