package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.ForeignNames;
import dev.qg.fixture.TestDatabase;
import java.util.List;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The statements name in full each function, operator, type and view that they use. The server
 * records what a statement depends on if it is the body of a function.
 */
class FullNamesTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private DSLContext plain;
  private DSLContext session;

  @BeforeEach
  void makeForeignNames() {
    ForeignNames.make(db);
    plain = db.session();
    session = db.session();
  }

  @Test
  void dependOnNothingThatOnlyTheSearchPathFinds() {
    List<String> statements =
        GoldenSqlTest.statements()
            .flatMap(golden -> golden.sent().values().stream())
            .flatMap(sent -> Stream.of(sent.apply(new Renderer(null)).split("; ")))
            .filter(sql -> sql.matches("(select|insert|update|delete|with) .*"))
            .distinct()
            .toList();
    assertThat(statements).hasSizeGreaterThan(35);
    for (String path : ForeignNames.PATHS) {
      session.execute("set search_path = " + path);
      for (String sql : statements) {
        assertThat(foreignParts(sql)).as("with %s: %s", path, sql).isEmpty();
      }
    }
  }

  /** Shows that the test above would notice. */
  @Test
  void wouldOtherwiseDependOnIt() {
    session.execute("set search_path = " + ForeignNames.PATHS.get(0));
    assertThat(foreignParts("select now()")).singleElement().asString().startsWith("function");
    assertThat(foreignParts("select cast(null as tid)"))
        .singleElement()
        .asString()
        .startsWith("type");
    assertThat(foreignParts("select 1 from pg_locks")).isNotEmpty();
    session.execute("set search_path = " + ForeignNames.PATHS.get(1));
    assertThat(foreignParts("select job_id from que_jobs where queue = cast('' as varchar)"))
        .singleElement()
        .asString()
        .startsWith("operator");
  }

  private List<String> foreignParts(String sql) {
    String numbered = Plans.numbered(sql);
    plain.execute("prepare typed as " + numbered);
    Object types =
        plain.fetchValue(
            """
            select coalesce(string_agg('pg_catalog.' || typname, ', ' order by n), '')
            from pg_prepared_statements
            cross join unnest(parameter_types) with ordinality parameter (type, n)
            join pg_type t on t.oid = type
            where name = 'typed'
            """);
    plain.execute("deallocate typed");
    session.execute(
        "create function public.body("
            + types
            + ") returns void language sql begin atomic "
            + numbered
            + "; end");
    try {
      return plain
          .select(DSL.field("pg_describe_object(refclassid, refobjid, 0)", String.class))
          .from("pg_depend")
          .where("objid = 'public.body'::regproc")
          .fetch(0, String.class)
          .stream()
          .filter(part -> part.contains("foreign_names."))
          .toList();
    } finally {
      plain.execute("drop function public.body");
    }
  }
}
