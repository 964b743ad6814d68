package dev.qg.bench.contestant;

import dev.qg.bench.Child;
import dev.qg.bench.Database;
import dev.qg.bench.Ledger;
import java.util.ArrayList;
import java.util.List;

/** The library in JVMs of its own, with a pool in each. */
public final class QgProcesses extends JobTable {

  private final int processes;
  private final int workers;
  private final List<String> jvmOptions;

  public QgProcesses(Database database, int processes, int workers, String... jvmOptions) {
    super(database);
    this.processes = processes;
    this.workers = workers;
    this.jvmOptions = List.of(jvmOptions);
  }

  @Override
  public void drain(Ledger ledger) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Child.class.getName()));
    command.addAll(List.of(database.url(), String.valueOf(ledger.jobs()), String.valueOf(workers)));
    List<ChildProcess> children = new ArrayList<>();
    try {
      for (int i = 0; i < processes; i++) {
        children.add(new ChildProcess(command));
      }
      for (ChildProcess child : children) {
        child.awaitReady();
      }
      database.settle();
      ledger.begin();
      children.forEach(child -> child.go(ledger));
      ledger.await(this::left);
      for (ChildProcess child : children) {
        child.stop(ledger);
      }
    } finally {
      children.forEach(ChildProcess::close);
    }
  }
}
