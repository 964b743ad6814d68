package dev.qg;

import dev.qg.internal.sql.LogText;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The handlers by the type of the jobs that they work. A job of a type that is not in the map fails
 * with "unknown job type" and is tried again, perhaps by a newer version of the application.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class WorkMap {

  private final Map<String, WorkFunc> functions;

  private WorkMap(Map<String, WorkFunc> functions) {
    this.functions = Map.copyOf(functions);
  }

  /** A map of one type. */
  public static WorkMap of(String type, WorkFunc function) {
    return builder().add(type, function).build();
  }

  /** Starts a map of several types. */
  public static Builder builder() {
    return new Builder();
  }

  /** The types that have a handler. */
  public Set<String> types() {
    return functions.keySet();
  }

  @Nullable WorkFunc get(String type) {
    return functions.get(type);
  }

  /** Collects the handlers. For one thread. */
  public static final class Builder {

    private final Map<String, WorkFunc> functions = new HashMap<>();

    private Builder() {}

    /**
     * Adds a handler.
     *
     * @throws MissingTypeException if the type is empty or blank
     * @throws IllegalArgumentException if the type has a handler already
     */
    public Builder add(String type, WorkFunc function) {
      Check.type(type);
      Check.notNull("function", function);
      if (functions.putIfAbsent(type, function) != null) {
        throw new IllegalArgumentException(
            "The type \"" + LogText.of(type) + "\" has a handler already");
      }
      return this;
    }

    /**
     * Makes the map of what was added.
     *
     * @throws IllegalStateException if nothing was added: workers would fail every job
     */
    public WorkMap build() {
      if (functions.isEmpty()) {
        throw new IllegalStateException(
            "A WorkMap must have a handler: without any, every job would fail as of an unknown type");
      }
      return new WorkMap(functions);
    }
  }
}
