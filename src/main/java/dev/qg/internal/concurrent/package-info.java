/** Time and threads, for the engine and its statements. */
@NullMarked
package dev.qg.internal.concurrent;

import org.jspecify.annotations.NullMarked;
