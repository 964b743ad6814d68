package dev.qg.internal.sql;

import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Errors of the driver without the values of rows and parameters, among which are the arguments of
 * jobs. The server quotes values in the detail and the context of an error, and in the messages
 * about data (SQLSTATE class 22); the driver adds a batch with its parameters. What stays:
 * SQLSTATE, message, the names of the table, column and constraint, stack traces and causes.
 */
public final class DriverErrors {

  /** The most errors that are looked at behind one: causes can go round in a circle. */
  private static final int MOST = 100;

  private static final int LONGEST_MESSAGE = 2_000;

  /** Of a statement after one that has failed in the same transaction. */
  private static final String TRANSACTION_ABORTED = "25P02";

  /** From the first opening quotation mark to the last closing one, in each language it has. */
  private static final Pattern QUOTED = Pattern.compile("[\"«»„“「『].*[\"«»“”」』]", Pattern.DOTALL);

  private static final String OMITTED = "\"…\"";

  private final Set<Throwable> all = Collections.newSetFromMap(new IdentityHashMap<>());
  private final IdentityHashMap<Throwable, Throwable> copies = new IdentityHashMap<>();

  /** What a message that quotes the message of another error is to say in its place. */
  private final Map<String, String> replacements = new LinkedHashMap<>();

  private DriverErrors() {}

  /** An error in the place of one of any class, which looks like that one. */
  @SuppressWarnings("OverrideThrowableToString") // The text begins with the name of that class.
  private static final class Standin extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String text;

    Standin(String text) {
      super(text);
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** Makes an exception of ours of an error of the driver's. */
  public static DataAccessException failure(String what, SQLException e) {
    SQLException clean = withoutData(e);
    return new DataAccessException(what + ": " + clean.getMessage(), clean);
  }

  /** Returns the error without values of rows: the same one if it has none. */
  public static SQLException withoutData(SQLException error) {
    return withoutData((Throwable) error) instanceof SQLException clean ? clean : error;
  }

  /**
   * Returns the error without values of rows, wherever they are in its causes: the same one if they
   * are nowhere, else a copy that looks like it.
   */
  public static Throwable withoutData(Throwable error) {
    DriverErrors errors = new DriverErrors();
    errors.collect(error);
    return errors.replacements.isEmpty() ? error : errors.copy(error);
  }

  /** Whether a statement was refused, as an earlier one of its transaction had failed. */
  static boolean isOfEarlierStatement(SQLException e) {
    return TRANSACTION_ABORTED.equals(e.getSQLState());
  }

  private void collect(Throwable error) {
    Deque<Throwable> open = new ArrayDeque<>();
    open.add(error);
    while (!open.isEmpty() && all.size() < MOST) {
      Throwable next = open.remove();
      if (!all.add(next)) {
        continue;
      }
      if (next instanceof PSQLException e && e.getServerErrorMessage() != null) {
        collectValues(e, e.getServerErrorMessage());
      } else if (next instanceof BatchUpdateException e) {
        replace(e.getMessage(), "a batch was aborted");
      }
      add(open, causeOf(next));
      for (Throwable suppressed : next.getSuppressed()) {
        add(open, suppressed);
      }
      if (next instanceof SQLException e) {
        add(open, e.getNextException());
      }
    }
  }

  private static void add(Deque<Throwable> open, @Nullable Throwable error) {
    if (error != null) {
      open.add(error);
    }
  }

  private static @Nullable Throwable causeOf(Throwable error) {
    try {
      return error.getCause();
    } catch (Throwable t) {
      // Its class is somebody else's.
      return null;
    }
  }

  private void collectValues(PSQLException error, ServerErrorMessage message) {
    PSQLException clean = clean(message);
    replace(error.getMessage(), Objects.requireNonNull(clean.getMessage()));
    replace(message.getDetail(), OMITTED);
    replace(message.getHint(), OMITTED);
    replace(message.getWhere(), OMITTED);
    replace(message.getInternalQuery(), OMITTED);
    replace(message.getMessage(), primary(message));
  }

  private void replace(@Nullable String text, String by) {
    if (text != null && !text.isEmpty() && !text.equals(by)) {
      replacements.put(text, by);
    }
  }

  private Throwable copy(Throwable error) {
    Throwable known = copies.get(error);
    if (known != null) {
      return known;
    }
    Throwable copy;
    if (error instanceof PSQLException e && e.getServerErrorMessage() != null) {
      copy = clean(e.getServerErrorMessage());
    } else if (error instanceof SQLException e) {
      copy = new SQLException(redacted(e.getMessage()), e.getSQLState(), e.getErrorCode());
    } else {
      copy = new Standin(redacted(text(error)));
    }
    copies.put(error, copy);
    copy.setStackTrace(error.getStackTrace());
    Throwable cause = causeOf(error);
    if (cause == null && error instanceof SQLException e) {
      cause = e.getNextException();
    }
    // Each knows only those that were copied after it: no circle comes of it.
    if (cause != null && all.contains(cause) && !copies.containsKey(cause)) {
      copy.initCause(copy(cause));
    }
    for (Throwable suppressed : error.getSuppressed()) {
      if (all.contains(suppressed) && !copies.containsKey(suppressed)) {
        copy.addSuppressed(copy(suppressed));
      }
    }
    return copy;
  }

  private String redacted(@Nullable String text) {
    String redacted = String.valueOf(text);
    for (Map.Entry<String, String> entry : replacements.entrySet()) {
      redacted = redacted.replace(entry.getKey(), entry.getValue());
    }
    return redacted;
  }

  private static String text(Throwable error) {
    try {
      return String.valueOf(error);
    } catch (Throwable t) {
      return error.getClass().getName() + " (its message can't be read)";
    }
  }

  /** The error with those of its fields that hold no values, in the form of the protocol. */
  private static PSQLException clean(ServerErrorMessage message) {
    StringBuilder fields = new StringBuilder();
    field(fields, 'S', message.getSeverity());
    field(fields, 'C', message.getSQLState());
    field(fields, 'M', primary(message));
    if (message.getPosition() > 0) {
      field(fields, 'P', String.valueOf(message.getPosition()));
    }
    field(fields, 's', message.getSchema());
    field(fields, 't', message.getTable());
    field(fields, 'c', message.getColumn());
    field(fields, 'd', message.getDatatype());
    field(fields, 'n', message.getConstraint());
    field(fields, 'F', message.getFile());
    field(fields, 'L', String.valueOf(message.getLine()));
    field(fields, 'R', message.getRoutine());
    return new PSQLException(new ServerErrorMessage(fields.toString()));
  }

  private static void field(StringBuilder fields, char type, @Nullable String value) {
    if (value != null) {
      fields.append(type).append(value).append('\0');
    }
  }

  private static String primary(ServerErrorMessage message) {
    String text = String.valueOf(message.getMessage());
    String state = message.getSQLState();
    if (state != null && state.startsWith("22")) {
      text = QUOTED.matcher(text).replaceAll(Matcher.quoteReplacement(OMITTED));
    }
    return oneLine(text);
  }

  /** Names of tables and types are others' text, too. */
  private static String oneLine(String text) {
    return text.codePoints().anyMatch(LogText::isHarmful) || text.length() > LONGEST_MESSAGE
        ? LogText.of(text, LONGEST_MESSAGE)
        : text;
  }
}
