package dev.qg.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What the whole server has used so far. Confined to a thread. */
final class Server implements AutoCloseable {

  private static final double MILLIS_PER_TICK = 10; // of USER_HZ, which is 100 on all of Linux

  /** Fields of /proc/…/stat after the name, which ends with the last parenthesis. */
  private static final int USER_TIME = 11;

  private static final int PARENT = 1;

  private final Connection connection;
  private final Optional<ProcessHandle> postmaster;

  Server(Database database) throws SQLException, IOException {
    this.connection = database.connect();
    this.postmaster = postmaster();
  }

  /** The parent of our session's process, if this machine shows it. */
  private Optional<ProcessHandle> postmaster() throws SQLException, IOException {
    long pid = number("select pg_backend_pid()");
    Path name = Path.of("/proc", String.valueOf(pid), "comm");
    if (!Files.exists(name) || !Files.readString(name).startsWith("postgres")) {
      return Optional.empty();
    }
    return ProcessHandle.of(Long.parseLong(stat(pid)[PARENT]));
  }

  /** Bytes of the write-ahead log. */
  long wal() throws SQLException {
    return number("select (pg_current_wal_insert_lsn() - '0/0')::bigint");
  }

  /**
   * Milliseconds of the processors that all processes of the server have had, also those that have
   * ended; NaN where they are hidden. Counts in ticks of 10 ms for each process.
   */
  double cpuMillis() throws IOException {
    if (postmaster.isEmpty()) {
      return Double.NaN;
    }
    // A process that ends meanwhile would be missed, or counted twice.
    while (true) {
      Set<Long> before = children();
      try {
        double ticks = ticks(postmaster.get().pid(), 4);
        for (long child : before) {
          ticks += ticks(child, 2);
        }
        if (before.equals(children())) {
          return ticks * MILLIS_PER_TICK;
        }
      } catch (IOException e) {
        if (before.equals(children())) {
          throw e;
        }
      }
    }
  }

  private Set<Long> children() {
    return postmaster
        .get()
        .children()
        .map(ProcessHandle::pid)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** In user and kernel mode, then those of children that have ended. */
  private static double ticks(long pid, int fields) throws IOException {
    String[] stat = stat(pid);
    long ticks = 0;
    for (int i = 0; i < fields; i++) {
      ticks += Long.parseLong(stat[USER_TIME + i]);
    }
    return ticks;
  }

  private static String[] stat(long pid) throws IOException {
    String line = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
    return line.substring(line.lastIndexOf(')') + 2).split(" ");
  }

  private long number(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
