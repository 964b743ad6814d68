package dev.qg.internal.sql;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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

  /** Of threads that add at the same moment, none undoes what another has done. */
  private final Map<Group, JobNotice> earliest = new ConcurrentHashMap<>();

  public void add(JobNotice notice) {
    if (earliest.containsKey(ANY)) {
      return;
    }
    Group group = new Group(notice.queue(), notice.priority());
    if (!group.equals(ANY) && (earliest.size() < MOST || earliest.containsKey(group))) {
      earliest.merge(group, notice, (one, two) -> two.isBefore(one) ? two : one);
    } else {
      earliest.put(ANY, JobNotice.ofAny());
      earliest.keySet().removeIf(other -> !other.equals(ANY));
    }
  }

  public void addAll(JobNotices others) {
    others.list().forEach(this::add);
  }

  public List<JobNotice> list() {
    return List.copyOf(earliest.values());
  }
}
