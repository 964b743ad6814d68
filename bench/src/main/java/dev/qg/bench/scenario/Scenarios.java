package dev.qg.bench.scenario;

import dev.qg.bench.Scenario;
import dev.qg.bench.Setting;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** All scenarios, in the order in which they are run. */
public final class Scenarios {

  private static final Map<String, Function<Setting, Scenario>> ALL = new LinkedHashMap<>();

  static {
    ALL.put(Drain.NAME, Drain::of);
    ALL.put(TwoPools.NAME, TwoPools::of);
    ALL.put(HeldSnapshot.NAME, HeldSnapshot::of);
    ALL.put(Depth.NAME, Depth::of);
    ALL.put(Later.NAME, Later::of);
    ALL.put(OneByOne.NAME, OneByOne::of);
    ALL.put(Cost.NAME, Cost::of);
    ALL.put(Enqueue.NAME, Enqueue::of);
    ALL.put(Latency.NAME, Latency::of);
    ALL.put(Fair.NAME, Fair::of);
    ALL.put(Idle.NAME, Idle::of);
    ALL.put(SlowHandlers.NAME, SlowHandlers::of);
    ALL.put(TransactionalHandlers.NAME, TransactionalHandlers::of);
    ALL.put(Memory.NAME, Memory::of);
  }

  private Scenarios() {}

  /** The names. */
  public static Set<String> names() {
    return ALL.keySet();
  }

  /** Makes all of them. */
  public static List<Scenario> all(Setting setting) {
    List<Scenario> all = new ArrayList<>();
    ALL.values().forEach(factory -> all.add(factory.apply(setting)));
    return all;
  }
}
