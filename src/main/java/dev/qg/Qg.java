package dev.qg;

/** Placeholder for the client: a module cannot export a package without a class. */
public final class Qg {
  private Qg() {}
}
