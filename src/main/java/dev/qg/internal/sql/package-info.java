/**
 * The statements of the queue: one final class a statement, each a pure builder of the jOOQ query
 * and a thin execution of what was rendered from it once.
 */
@NullMarked
package dev.qg.internal.sql;

import org.jspecify.annotations.NullMarked;
