package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.OwnServer;
import dev.qg.fixture.OwnServer.End;
import dev.qg.fixture.Program;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Workers;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * PostgreSQL panics when there is no room for its log. When there is room again it recovers, and
 * the workers go on; what was acknowledged is done, once. Needs to mount a small disk.
 */
@Tag("system")
class FullDiskTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private Path disk;
  private OwnServer server;

  @BeforeEach
  void startServerOnASmallDisk() throws Exception {
    disk = Files.createTempDirectory("qg-disk");
    Program.run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk.toString());
    Path directory = Files.createTempDirectory("qg-server");
    server = OwnServer.startIn(directory, Map.of("restart_after_crash", "off"));
    server.stop(End.FAST);
    Path log = directory.resolve("data/pg_wal");
    Program.run("cp", "-a", log.toString(), disk.toString());
    Program.run("rm", "-r", log.toString());
    Files.createSymbolicLink(log, disk.resolve("pg_wal"));
    server.start();
    try (var connection = server.connect()) {
      Effects.createTable(DSL.using(connection, SQLDialect.POSTGRES));
    }
  }

  @AfterEach
  void unmount() throws Exception {
    server.close();
    Program.run("umount", disk.toString());
    Files.delete(disk);
  }

  @Test
  void workersGoOnAfterTheServerHasPanickedForWantOfRoom() throws Exception {
    Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    Path filler = disk.resolve("filler");
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(server.url());
    try (Workers workers = new Workers(dataSource, job -> {}).start()) {
      acknowledged.add(workers.qg().enqueue(Job.of("Write")));
      await().until(() -> workers.pool().snapshot().worked() > 0 || jobs() == 0);
      fill(filler);
      server.endBy(() -> enqueueUntilRefused(workers.qg(), acknowledged));
      await().atMost(PATIENCE).until(() -> logs.alarms("worker_failing").size() >= 2);
      Files.delete(filler);
      server.start();
      await().atMost(PATIENCE).until(() -> jobs() == 0);
    }
    try (var connection = server.connect()) {
      assertThat(Effects.notes(DSL.using(connection, SQLDialect.POSTGRES)))
          .doesNotHaveDuplicates()
          .containsAll(acknowledged.stream().map(String::valueOf).toList());
    }
    assertThat(logs.alarms("worker_failing"))
        .extracting(ILoggingEvent::getFormattedMessage)
        .doesNotHaveDuplicates();
  }

  private static void enqueueUntilRefused(Qg qg, Set<Long> acknowledged) {
    // What can't be compressed: each fills the log a little.
    Random random = new Random(1);
    StringBuilder large = new StringBuilder("\"");
    random.ints(100_000, 'a', 'z' + 1).forEach(large::appendCodePoint);
    large.append('"');
    try {
      while (true) {
        acknowledged.add(qg.enqueue(Job.of("Write").withArgs(large.toString())));
      }
    } catch (DataAccessException refused) {
      // It may be there all the same, as others that were not acknowledged.
    }
  }

  private int jobs() throws SQLException {
    try (var connection = server.connect()) {
      return DSL.using(connection, SQLDialect.POSTGRES).fetchCount(QUE_JOBS);
    }
  }

  private static void fill(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      byte[] block = new byte[65_536];
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      // No space left on device.
    }
  }
}
