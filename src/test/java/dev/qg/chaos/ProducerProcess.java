package dev.qg.chaos;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.Qg;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;

/**
 * A process that commits orders at a steady rate and rolls some back. Each answer that it hears
 * goes into a file, so that there is a witness besides the database.
 */
final class ProducerProcess {

  /** How many bits of an order's number count the orders of one thread. */
  private static final int BITS_OF_COUNT = 40;

  /** How many tell the threads of a process apart. */
  private static final int BITS_OF_THREAD = 1;

  private static final int THREADS = 1 << BITS_OF_THREAD;

  /** How many count its lives. */
  private static final int BITS_OF_LIFE = 12;

  private static final int ROLLED_BACK_PERCENT = 5;

  /** So many that they are copied. */
  private static final int VERY_MANY = 600;

  private static final int MANY = 20;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Qg qg;
  private final DSLContext ctx;
  private final FileChannel answers;
  private final long seed;
  private final Random random;
  private long next;

  private ProducerProcess(Qg qg, DSLContext ctx, FileChannel answers, long seed, long thread) {
    this.qg = qg;
    this.ctx = ctx;
    this.answers = answers;
    this.seed = seed;
    this.random = Dice.of(seed, thread);
    this.next = thread << BITS_OF_COUNT;
  }

  /**
   * What each {@link Part} is told, orders a second, and what the name of the file of its answers
   * begins with: each life has one of its own, as a kill may cut its last line off.
   */
  public static void main(String[] args) throws IOException {
    Applications.begin();
    // Each life has numbers of its own.
    long life = (Long.parseLong(args[1]) << BITS_OF_LIFE) + Long.parseLong(args[2]);
    HikariDataSource dataSource = Applications.dataSource(args[0], "producer-" + args[1], THREADS);
    FileChannel answers =
        FileChannel.open(
            Path.of(args[5] + "-" + args[2]),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.APPEND);
    Qg qg = Qg.create(dataSource);
    DSLContext ctx = DSL.using(dataSource, SQLDialect.POSTGRES);
    double rate = Double.parseDouble(args[4]) / THREADS;
    for (int i = 0; i < THREADS; i++) {
      ProducerProcess producer =
          new ProducerProcess(
              qg, ctx, answers, Long.parseLong(args[3]), (life << BITS_OF_THREAD) + i);
      Applications.start("producer-" + i, () -> producer.produce(rate));
    }
    Applications.ready();
  }

  private void produce(double rate) {
    double nanosEach = TimeUnit.SECONDS.toNanos(1) / rate;
    double due = System.nanoTime();
    while (true) {
      long early = (long) (due - System.nanoTime());
      if (early > 0) {
        LockSupport.parkNanos(early);
      }
      due += nanosEach * transact(count(random.nextInt(2_000)));
      // What could not be done in time is not made up for.
      due = Math.max(due, (double) (System.nanoTime() - TimeUnit.SECONDS.toNanos(1)));
    }
  }

  private static int count(int dice) {
    return dice == 0 ? VERY_MANY : dice < 40 ? MANY : 1;
  }

  private int transact(int count) {
    List<Long> orders = LongStream.range(next, next + count).boxed().toList();
    next += count;
    boolean rollBack = random.nextInt(100) < ROLLED_BACK_PERCENT;
    try {
      ctx.transaction(
          cfg -> {
            Orders.enqueue(
                qg, cfg, orders.stream().map(order -> Plan.of(seed, order).job(order)).toList());
            if (rollBack) {
              throw new RolledBack();
            }
          });
      heard(orders, true);
    } catch (RolledBack e) {
      heard(orders, false);
    } catch (DataAccessException e) {
      // Nobody knows whether it was committed.
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return count;
  }

  private void heard(List<Long> orders, boolean committed) {
    StringBuilder lines = new StringBuilder();
    orders.forEach(order -> lines.append(order).append(' ').append(committed).append('\n'));
    try {
      answers.write(ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.US_ASCII)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class RolledBack extends RuntimeException {
    private static final long serialVersionUID = 1;
  }
}
