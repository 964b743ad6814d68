package dev.qg.internal.work;

/** A second look that failed by what it had to read of several jobs: fewer may be readable. */
final class UnreadableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int jobs;

  UnreadableException(int jobs, Throwable cause) {
    super(jobs + " jobs can't be read together", cause);
    this.jobs = jobs;
  }

  int jobs() {
    return jobs;
  }
}
