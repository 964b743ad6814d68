package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.AdjustSession;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is changed on a session while we use it, and brought back before somebody else does. */
final class SessionSettings {

  private static final Logger log = LoggerFactory.getLogger(SessionSettings.class);

  private final Connection connection;
  private final Statements sql;

  private @Nullable AdjustSession adjusted;
  private Map<String, String> before = Map.of();
  private @Nullable Integer patienceBefore;
  private boolean writingWhatIsFree;

  /** Whether it holds spare locks, or some of them. */
  private boolean spares;

  SessionSettings(Connection connection, Statements sql) {
    this.connection = connection;
    this.sql = sql;
  }

  /**
   * Has our statements planned as they are by default.
   *
   * @return whether they were planned otherwise before
   */
  boolean toPlan() {
    Map<String, String> replaced = sql.toPlan().execute(connection);
    boolean changed = sql.toPlan().changes(replaced);
    if (changed) {
      before = replaced;
      adjusted = sql.toPlan();
    }
    return changed;
  }

  /** Lets each side notice soon when the other one is gone, and the server bear our silence. */
  void toHold() {
    adjust(sql.toHold());
  }

  /** Waits neither for a server that is gone nor for what others have locked for long. */
  void toWrite() {
    adjust(sql.toWrite());
  }

  private void adjust(AdjustSession adjustment) {
    patienceBefore = patience((int) Timings.NETWORK_TIMEOUT.toMillis());
    before = adjustment.execute(connection);
    adjusted = adjustment;
  }

  /** From now on, hardly waits for what others have locked. */
  void toWriteWhatIsFree() {
    writingWhatIsFree = true;
    sql.toWriteWhatIsFree().execute(connection);
  }

  boolean isWritingWhatIsFree() {
    return writingWhatIsFree;
  }

  /** From now on, waits for what others have locked as at first. */
  void toWriteAgain() {
    if (writingWhatIsFree) {
      sql.toWrite().execute(connection);
      writingWhatIsFree = false;
    }
  }

  /** Takes the spare locks, if it doesn't hold them. */
  void takeSpares() {
    if (spares) {
      return;
    }
    spares = true;
    try {
      sql.spareLocks().take(connection);
    } catch (RuntimeException e) {
      try {
        giveUpSpares();
      } catch (RuntimeException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  /**
   * Gives the spare locks up.
   *
   * @return false if it holds none
   */
  boolean giveUpSpares() {
    if (!spares) {
      return false;
    }
    sql.spareLocks().giveUp(connection);
    spares = false;
    return true;
  }

  /**
   * Brings everything back.
   *
   * @return false if that can't be done, so that nobody else should get the session
   */
  boolean restore() {
    try {
      giveUpSpares();
      if (adjusted != null) {
        adjusted.release(connection, before);
      }
      if (patienceBefore != null) {
        patience(patienceBefore);
      }
      return true;
    } catch (Throwable t) {
      log.atDebug()
          .addKeyValue("event", "session_ended")
          .setCause(t)
          .log("What was changed on a session can't be brought back: it is ended");
      return false;
    }
  }

  /** Sets how long an answer is waited for, and tells how long that was before. */
  private @Nullable Integer patience(int millis) {
    try {
      int was = connection.getNetworkTimeout();
      connection.setNetworkTimeout(Runnable::run, millis);
      return was;
    } catch (SQLException e) {
      log.atDebug()
          .addKeyValue("event", "no_network_timeout")
          .setCause(e)
          .log("A server that doesn't answer is noticed when the operating system does");
      return null;
    }
  }
}
