package dev.qg.internal.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.AbstractList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BufferTest {

  private final Buffer buffer = new Buffer(List.of(""), 1, () -> 0, () -> {});

  /** Else a thread could begin one that the locker is about to give back. */
  @Test
  void takesNoneOfManyWhereItCanNotTakeAll() {
    List<HeldJob> jobs = List.of(Held.job(1), Held.job(2));
    List<HeldJob> more =
        new AbstractList<>() {
          @Override
          public HeldJob get(int index) {
            if (index == 1) {
              throw new OutOfMemoryError("for the second one");
            }
            return jobs.get(index);
          }

          @Override
          public int size() {
            return jobs.size();
          }
        };

    assertThatThrownBy(() -> buffer.add(more)).isInstanceOf(OutOfMemoryError.class);
    assertThat(buffer.drain()).isEmpty();

    assertThat(buffer.add(jobs)).isEmpty();
    assertThat(buffer.drain()).isEqualTo(jobs);
  }
}
