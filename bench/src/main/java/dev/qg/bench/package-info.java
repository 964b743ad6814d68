/** Compares the library with other job queues and with what PostgreSQL can do at all. */
package dev.qg.bench;
