package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Closing a client gives back every job that is still held by hand, and can't deadlock. */
@Timeout(60)
class CloseTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private HikariDataSource pool;
  private Qg qg;

  @BeforeEach
  void createClient() {
    pool = db.pool(5);
    qg = db.closeLater(Qg.create(pool));
    Effects.createTable(db.ctx());
  }

  @Test
  void givesBackJobsThatAreStillHeld() {
    List<LockedJob> jobs = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      db.enqueue("MyJob");
      jobs.add(qg.lockJob("").orElseThrow());
    }

    qg.close();

    assertThat(db.advisoryLocks()).isZero();
    assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    assertThat(db.jobs()).hasSize(5);
    jobs.forEach(job -> assertThatThrownBy(job::delete).isInstanceOf(IllegalStateException.class));
    jobs.forEach(LockedJob::done);
    qg.close();
  }

  @Test
  void undoesWhatIsWrittenAndNotDeleted() {
    db.enqueue("MyJob");
    LockedJob job = qg.lockJob("").orElseThrow();
    Effects.write(job.tx(), "effect");

    CompletableFuture.runAsync(qg::close).join();

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).hasSize(1);
    assertThatThrownBy(job::tx).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void undoesADeletionThatIsNotCommitted() {
    db.enqueue("MyJob");
    LockedJob job = qg.lockJob("").orElseThrow();
    Effects.write(job.tx(), "effect");
    job.delete();

    qg.close();

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).hasSize(1);
  }

  @Test
  void doesNotReachIntoAConnectionThatWasGivenBack() throws Exception {
    db.enqueue("MyJob");
    LockedJob job = qg.lockJob("").orElseThrow();
    var tx = job.tx();
    qg.close();

    assertThatThrownBy(() -> Effects.write(tx, "late")).isInstanceOf(RuntimeException.class);
    assertThat(Effects.notes(db.ctx())).isEmpty();
  }

  /**
   * The holder's statement arrives between the rollback and the unlock, if there is such a time.
   */
  @Test
  void letsNothingCommitThatTheHolderSendsMeanwhile() throws Exception {
    db.enqueue("MyJob");
    AtomicReference<Connection> holders = new AtomicReference<>();
    Qg client =
        Qg.create(
            Intercept.before(
                pool,
                (connection, sql) -> {
                  if (Sql.unlocks(sql)) {
                    Effects.write(DSL.using(holders.get(), SQLDialect.POSTGRES), "late");
                  }
                }));
    LockedJob job = client.lockJob("").orElseThrow();
    Effects.write(job.tx(), "effect");
    holders.set(job.connection());

    client.close();

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).hasSize(1);
  }

  @Test
  void competesWithHoldersThatEndTheirJobs() throws Exception {
    for (int round = 0; round < 20; round++) {
      db.enqueue("MyJob");
      Qg client = Qg.create(pool);
      LockedJob job = client.lockJob("").orElseThrow();
      CountDownLatch start = new CountDownLatch(1);
      CompletableFuture<Void> holder =
          CompletableFuture.runAsync(
              () -> {
                awaitStart(start);
                try {
                  Effects.write(job.tx(), "effect");
                  job.delete();
                } catch (RuntimeException e) {
                  // The close came first.
                  assertThat(client).isNotNull();
                }
                job.done();
              });
      CompletableFuture<Void> closer =
          CompletableFuture.runAsync(
              () -> {
                awaitStart(start);
                client.close();
              });
      start.countDown();
      CompletableFuture.allOf(holder, closer).get(60, TimeUnit.SECONDS);
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    }

    await().untilAsserted(() -> assertThat(db.advisoryLocks()).isZero());
    assertThat(db.jobs().size() + Effects.notes(db.ctx()).size()).isEqualTo(20);
  }

  @Test
  void competesWithLockingAndMissesNoJob() throws Exception {
    for (int i = 0; i < 4; i++) {
      db.enqueue("MyJob");
    }
    for (int round = 0; round < 20; round++) {
      Qg client = Qg.create(pool);
      CountDownLatch start = new CountDownLatch(1);
      List<CompletableFuture<Void>> lockers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        lockers.add(
            CompletableFuture.runAsync(
                () -> {
                  awaitStart(start);
                  try {
                    assertThat(client.lockJob("")).isPresent();
                  } catch (IllegalStateException e) {
                    assertThat(e).hasMessageContainingAll("losed");
                  }
                }));
      }
      start.countDown();
      client.close();
      CompletableFuture.allOf(lockers.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    }

    assertThat(db.advisoryLocks()).isZero();
    assertThat(db.jobs()).hasSize(4);
  }

  private static void awaitStart(CountDownLatch start) {
    try {
      start.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
