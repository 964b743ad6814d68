package dev.qg.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures what the server does for a contestant, by differences: the write-ahead log and the
 * processor time of the whole server, and what passed on the wire to {@link #database}.
 */
public final class Meter implements AutoCloseable {

  private static final String WAL = "WAL bytes";
  private static final String CPU = "server CPU µs";
  private static final String TRANSACTIONS = "transactions";
  private static final String ROUND_TRIPS = "round trips";

  /** What is measured. */
  public static final List<String> UNITS = List.of(WAL, CPU, TRANSACTIONS, ROUND_TRIPS);

  private final Server server;
  private final Wire wire;
  private final Database database;

  private long wal;
  private double cpuMillis;
  private long transactions;
  private long roundTrips;

  public Meter(Database direct) throws Exception {
    this.server = new Server(direct);
    this.wire = direct.wire();
    this.database = direct.by(wire);
  }

  /** The database for the contestant, behind the proxy that counts. */
  public Database database() {
    return database;
  }

  public void begin() throws Exception {
    wal = server.wal();
    cpuMillis = server.cpuMillis();
    transactions = wire.transactions();
    roundTrips = wire.roundTrips();
  }

  /** What was used for each job since the beginning; without what this machine does not show. */
  public Map<String, Double> end(int jobs) throws Exception {
    Map<String, Double> used = new LinkedHashMap<>();
    used.put(WAL, (double) (server.wal() - wal) / jobs);
    double cpu = (server.cpuMillis() - cpuMillis) * 1_000 / jobs;
    if (!Double.isNaN(cpu)) {
      used.put(CPU, cpu);
    }
    used.put(TRANSACTIONS, (double) (wire.transactions() - transactions) / jobs);
    used.put(ROUND_TRIPS, (double) (wire.roundTrips() - roundTrips) / jobs);
    return used;
  }

  @Override
  public void close() throws SQLException, IOException {
    wire.close();
    server.close();
  }
}
