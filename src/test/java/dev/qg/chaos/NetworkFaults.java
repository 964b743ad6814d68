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
          new Fault("answers get lost on their way", 1, 40, network(TcpProxy::silenceServer)),
          new Fault("requests get lost on their way", 1, 40, network(TcpProxy::silenceClient)),
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

  private static Fault.Strike network(Consumer<TcpProxy> what) {
    return (machine, random) -> {
      Part part = machine.part(random);
      part.network(what);
      return () -> part.network(TcpProxy::heal);
    };
  }
}
