/**
 * Proof under fire: a run of producers and workers in JVMs of their own, the faults that strike it,
 * and the rules that must hold of what it leaves in the database.
 */
package dev.qg.chaos;
