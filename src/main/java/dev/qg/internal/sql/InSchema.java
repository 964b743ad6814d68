package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;

import dev.qg.jooq.tables.QgDeadJobs;
import dev.qg.jooq.tables.QueJobs;
import java.util.stream.Stream;
import org.jooq.Configuration;
import org.jooq.Name;
import org.jooq.Table;
import org.jooq.VisitContext;
import org.jooq.VisitListener;
import org.jooq.VisitListenerProvider;
import org.jooq.impl.DSL;
import org.jooq.impl.DefaultVisitListenerProvider;
import org.jspecify.annotations.Nullable;

/**
 * Puts our tables into a schema, and nothing else. A {@code RenderMapping} of the default schema
 * would put every name without one there, also those that a statement gives to its parts.
 */
public record InSchema(Name schema) implements VisitListener {

  /**
   * Derives a configuration whose statements find our tables in a schema.
   *
   * @param schema the schema, or null for the configuration as it is
   */
  public static Configuration derive(Configuration configuration, @Nullable String schema) {
    if (schema == null) {
      return configuration;
    }
    VisitListener listener = new InSchema(DSL.name(schema));
    return configuration.derive(
        Stream.concat(
                Stream.of(configuration.visitListenerProviders()),
                Stream.of(new DefaultVisitListenerProvider(listener)))
            .toArray(VisitListenerProvider[]::new));
  }

  @Override
  public void visitStart(VisitContext context) {
    if (context.queryPart() instanceof Table<?> table && isOurs(table)) {
      context.queryPart(DSL.table(schema.append(table.getUnqualifiedName())));
    }
  }

  /** Of our classes, but under no other name: an alias contains the table itself. */
  private static boolean isOurs(Table<?> table) {
    return (table instanceof QueJobs && table.equals(QUE_JOBS))
        || (table instanceof QgDeadJobs && table.equals(QG_DEAD_JOBS));
  }
}
