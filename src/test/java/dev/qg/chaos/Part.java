package dev.qg.chaos;

import dev.qg.fixture.Jvm;
import dev.qg.fixture.TcpProxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A process of a run, with a network of its own between it and the servers. */
final class Part implements AutoCloseable {

  private static final int LAST = 20;

  private final long seed;
  private final String name;
  private final Path log;
  private final Class<?> main;
  private final List<String> arguments;
  private final List<TcpProxy> network;
  private int lives;
  private Jvm jvm;

  /**
   * Says what it is to be.
   *
   * @param arguments besides the database's URL, its name, how often it was started before, and the
   *     seed
   */
  Part(Servers servers, long seed, Path log, String name, Class<?> main, List<String> arguments) {
    this.seed = seed;
    this.name = name;
    this.log = log;
    this.main = main;
    this.arguments = arguments;
    this.network =
        List.of(TcpProxy.before(() -> servers.port(0)), TcpProxy.before(() -> servers.port(1)));
  }

  void start() {
    List<String> all =
        new ArrayList<>(List.of(url(), name, String.valueOf(lives++), String.valueOf(seed)));
    all.addAll(arguments);
    jvm = Jvm.of(main).options(options()).start(all.toArray(String[]::new));
    jvm.awaitLine(Applications.READY);
  }

  private String url() {
    return "jdbc:postgresql://127.0.0.1:%d,127.0.0.1:%d/postgres?user=%s&targetServerType=primary"
        .formatted(network.get(0).port(), network.get(1).port(), Servers.USER);
  }

  private String[] options() {
    return new String[] {
      "-Xmx128m",
      // It lives for long.
      "-XX:TieredStopAtLevel=4",
      // Not that of the server, and with a summer time.
      "-Duser.timezone=America/New_York",
      "-Dlogback.configurationFile=logback-chaos.xml",
      "-Dchaos.log=" + log
    };
  }

  String name() {
    return name;
  }

  Jvm jvm() {
    return jvm;
  }

  /** Does something to its network. */
  void network(Consumer<TcpProxy> what) {
    network.forEach(what);
  }

  /** The end of what it has printed. */
  List<String> lastLines() {
    List<String> lines = jvm.lines();
    return lines.subList(Math.max(0, lines.size() - LAST), lines.size());
  }

  @Override
  public String toString() {
    return name;
  }

  @Override
  public void close() {
    network.forEach(TcpProxy::close);
    if (jvm != null) {
      jvm.close();
    }
  }
}
