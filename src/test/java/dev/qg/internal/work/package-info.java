/** The engine's parts that can be looked at alone. */
package dev.qg.internal.work;
