/**
 * The statements of the queue: one final class a statement, each a pure builder of the jOOQ query
 * and a thin execution of what was rendered from it once.
 *
 * <p>The Javadoc of a class shows its SQL with the short names of PostgreSQL's functions, operators
 * and types. {@link dev.qg.internal.sql.CatalogNames} completes them in what is sent: {@code now()}
 * is {@code pg_catalog.now()}, {@code =} is {@code operator(pg_catalog.=)}.
 */
@NullMarked
package dev.qg.internal.sql;

import org.jspecify.annotations.NullMarked;
