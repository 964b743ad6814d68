/** The statements: what they render, which plans they get, and what they do on a database. */
package dev.qg.internal.sql;
