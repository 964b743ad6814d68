package dev.qg.internal.work;

import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.ThreadFactory;

/** Virtual threads, where Java has them. */
public final class VirtualThreads {

  private VirtualThreads() {}

  /**
   * Makes virtual threads, by reflection, since this is compiled for Java 17.
   *
   * @throws IllegalStateException before Java 21
   */
  public static ThreadFactory factory() {
    if (Runtime.version().feature() < 21) {
      throw new IllegalStateException(
          "virtualThreads needs Java 21 or later, but this is Java " + Runtime.version().feature());
    }
    try {
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      Class<?> type = Class.forName("java.lang.Thread$Builder");
      return (ThreadFactory) type.getMethod("factory").invoke(builder);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException("Can't make virtual threads", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Can't make virtual threads", e);
    }
  }
}
