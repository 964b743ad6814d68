/** The queues that take part, each with the settings that its own documentation recommends. */
package dev.qg.bench.contestant;
