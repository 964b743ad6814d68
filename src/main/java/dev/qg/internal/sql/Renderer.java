package dev.qg.internal.sql;

import static java.util.stream.Collectors.joining;
import static org.jooq.impl.DSL.name;

import java.util.ArrayList;
import java.util.List;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.SQLDialect;
import org.jooq.Table;
import org.jooq.VisitContext;
import org.jooq.VisitListener;
import org.jooq.conf.Settings;
import org.jooq.impl.DSL;
import org.jooq.impl.DefaultConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * Renders the statements once, with settings of our own and with full names: neither a caller's
 * {@code Configuration}, nor the settings that jOOQ finds on the class path, nor the search path of
 * a session can bend our SQL.
 */
final class Renderer {

  private final @Nullable String schema;
  private final SqlErrors errors;

  /**
   * @param schema the schema of the tables, or null to leave that to the session's search path
   */
  Renderer(@Nullable String schema) {
    this.schema = schema;
    this.errors = new SqlErrors(where());
  }

  /** In which schema the tables are looked for, in words. */
  String where() {
    return schema == null ? "the session's search_path" : "the schema \"" + schema + "\"";
  }

  /** A statement that is run now and then, or on a caller's connection. */
  Rendered render(Query query, Param<?>... params) {
    return render(Rendered.Preparation.AS_THE_DRIVER_DOES, query, params);
  }

  /** A statement that our own sessions run for each job: the server prepares it at once. */
  Rendered renderHot(Query query, Param<?>... params) {
    return render(Rendered.Preparation.AT_FIRST_USE, query, params);
  }

  /**
   * The same for several statements that the driver can send together, in one round trip. They
   * share the parameters that have the same names.
   */
  Rendered renderHot(List<Query> queries, Param<?>... params) {
    return render(Rendered.Preparation.AT_FIRST_USE, queries, params);
  }

  /** A statement for many jobs, for which it is worth to have a plan made each time. */
  Rendered renderUnprepared(Query query, Param<?>... params) {
    return render(Rendered.Preparation.NEVER, query, params);
  }

  /** The table's name as it stands in the statements. */
  String table(Table<?> table) {
    return context().render(table);
  }

  /** The column's name alone, as it stands in the statements. */
  String column(Field<?> field) {
    return context().render(field.getUnqualifiedName());
  }

  SqlErrors errors() {
    return errors;
  }

  private Rendered render(Rendered.Preparation preparation, Query query, Param<?>... params) {
    return render(preparation, List.of(query), params);
  }

  private Rendered render(
      Rendered.Preparation preparation, List<Query> queries, Param<?>... params) {
    ParamOrder order = new ParamOrder();
    String sql =
        CatalogNames.complete(queries.stream().map(context(order)::render).collect(joining("; ")));
    int[] slots = order.seen.stream().mapToInt(param -> indexOf(param, params)).toArray();
    return new Rendered(sql, slots, preparation, errors);
  }

  private DSLContext context(VisitListener... listeners) {
    List<VisitListener> all = new ArrayList<>(List.of(listeners));
    if (schema != null) {
      all.add(new InSchema(name(schema)));
    }
    // A new configuration has the settings of a jooq-settings.xml, for the application's own SQL.
    return DSL.using(
        new DefaultConfiguration()
            .set(SQLDialect.POSTGRES)
            .set(new Settings())
            .set(all.toArray(VisitListener[]::new)));
  }

  private static int indexOf(Param<?> param, Param<?>... params) {
    for (int i = 0; i < params.length; i++) {
      if (params[i].getParamName().equals(param.getParamName())) {
        return i;
      }
    }
    throw new IllegalStateException("No value is ever given for the parameter " + param);
  }

  /** Sees the parameters in the order in which their question marks are written. */
  private static final class ParamOrder implements VisitListener {
    private final List<Param<?>> seen = new ArrayList<>();

    @Override
    public void visitStart(VisitContext context) {
      if (context.queryPart() instanceof Param<?> param && !param.isInline()) {
        seen.add(param);
      }
    }
  }
}
