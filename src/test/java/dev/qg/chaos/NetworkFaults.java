package dev.qg.chaos;

import dev.qg.fixture.TcpProxy;
import java.util.List;
import java.util.function.Consumer;

/** What happens to the network between a process and the servers. */
final class NetworkFaults {

  private static final int DELAY_MILLIS = 500;

  static final List<Fault> ALL =
      List.of(
          new Fault("connections are reset", 0, 0, network(TcpProxy::cut)),
          new Fault("no network", 1, 20, network(TcpProxy::disconnect)),
          new Fault("answers are held up", 1, 40, network(TcpProxy::silenceServer)),
          new Fault("requests are held up", 1, 40, network(TcpProxy::silenceClient)),
          new Fault("answers are lost", 1, 40, lost(TcpProxy::silenceServer)),
          new Fault("requests are lost", 1, 40, lost(TcpProxy::silenceClient)),
          new Fault("500 ms of delay", 5, 20, network(net -> net.delay(DELAY_MILLIS))),
          new Fault("resets in answers", 1, 10, network(TcpProxy::resetInAnswers)),
          new Fault("resets in requests", 1, 10, network(TcpProxy::resetInRequests)),
          new Fault(
              "nobody has a network",
              1,
              20,
              (machine, random) -> {
                machine.workers().forEach(part -> part.network(TcpProxy::disconnect));
                return () -> machine.workers().forEach(part -> part.network(TcpProxy::heal));
              }));

  private NetworkFaults() {}

  /** At the end, the connections are reset, as by a firewall that has forgotten them. */
  private static Fault.Strike lost(Consumer<TcpProxy> what) {
    return (machine, random) -> {
      Part part = machine.part(random);
      part.network(what);
      return () -> {
        part.network(TcpProxy::cut);
        part.network(TcpProxy::heal);
      };
    };
  }

  private static Fault.Strike network(Consumer<TcpProxy> what) {
    return (machine, random) -> {
      Part part = machine.part(random);
      part.network(what);
      return () -> part.network(TcpProxy::heal);
    };
  }
}
