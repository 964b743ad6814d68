package dev.qg.internal.sql;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Collects notices of jobs that are told together: of each queue and priority, the earliest. When
 * there are too many of those, one takes their place that is of any job. Safe for use by many
 * threads, as a caller's transaction may be.
 */
public final class JobNotices {

  private static final int MOST = 100;

  private record Group(@Nullable String queue, short priority) {}

  /** Stands for all others. */
  private static final Group ANY = new Group(null, JobNotice.ofAny().priority());

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Group, JobNotice> earliest = new HashMap<>();

  public void add(JobNotice notice) {
    lock.lock();
    try {
      if (earliest.containsKey(ANY)) {
        return;
      }
      Group group = new Group(notice.queue(), notice.priority());
      if (!group.equals(ANY) && (earliest.size() < MOST || earliest.containsKey(group))) {
        earliest.merge(group, notice, (one, two) -> two.isBefore(one) ? two : one);
      } else {
        earliest.clear();
        earliest.put(ANY, JobNotice.ofAny());
      }
    } finally {
      lock.unlock();
    }
  }

  public void addAll(JobNotices others) {
    others.list().forEach(this::add);
  }

  public List<JobNotice> list() {
    lock.lock();
    try {
      return List.copyOf(earliest.values());
    } finally {
      lock.unlock();
    }
  }

  /** Takes all out. */
  public List<JobNotice> drain() {
    lock.lock();
    try {
      List<JobNotice> all = list();
      earliest.clear();
      return all;
    } finally {
      lock.unlock();
    }
  }
}
