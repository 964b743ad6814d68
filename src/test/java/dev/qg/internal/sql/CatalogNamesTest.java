package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of PostgreSQL's own get their schema, and nothing else does. */
class CatalogNamesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '→',
      quoteCharacter = '`',
      textBlock =
          """
          select f(?) → select pg_catalog.f(?)
          select f (g()) → select pg_catalog.f (pg_catalog.g())
          select "now"."now", 'now() = ''a''(b) ' → select "now"."now", 'now() = ''a''(b) '
          select "own"."f"(1), own.f(1) → select "own"."f"(1), own.f(1)
          select *, count(*), "t".* from "t" → select *, pg_catalog.count(*), "t".* from "t"
          select ("a" * 2), -1, (? - -1.5E-6) → select ("a" operator(pg_catalog.*) 2), -1, (? operator(pg_catalog.-) -1.5E-6)
          select "a""=" = "b" → select "a""=" operator(pg_catalog.=) "b"
          where ("a", "b") >= (?, f()) → where ("a", "b") operator(pg_catalog.>=) (?, pg_catalog.f())
          where "a" = any (select 1) → where "a" operator(pg_catalog.=) any (select 1)
          where "t".ctid = "a"[1] || 'x' → where "t".ctid operator(pg_catalog.=) "a"[1] operator(pg_catalog.||) 'x'
          cast(f("a") as text) → cast(pg_catalog.f("a") as pg_catalog.text)
          cast(? as timestamp(6) with time zone) → cast(? as timestamp(6) with time zone)
          cast((select 1 as "a") as json[]) → cast((select 1 as "a") as pg_catalog.json[])
          set "a" = 1, "b" = ("b" + 1) where "a" = "b" → set "a" = 1, "b" = ("b" operator(pg_catalog.+) 1) where "a" operator(pg_catalog.=) "b"
          set "a" = case when "a" = 1 then f("a", "b" = 2) end → set "a" = case when "a" operator(pg_catalog.=) 1 then pg_catalog.f("a", "b" operator(pg_catalog.=) 2) end
          coalesce(extract(epoch from "a"), least(1)) → coalesce(extract(epoch from "a"), least(1))
          delete from "a" using (select 1) as "b" → delete from "a" using (select 1) as "b"
          """)
  void areCompleted(String sql, String completed) {
    assertThat(CatalogNames.complete(sql)).isEqualTo(completed);
  }

  /** These look up operators, or a collation, and take no schema. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"a\" in (1, 2)",
        "\"a\" not in (select 1)",
        "\"a\" between 1 and 2",
        "\"a\" like 'b'",
        "\"a\" is distinct from 1",
        "\"a\" is not distinct from 1",
        "nullif(\"a\", 1)",
        "case \"a\" when 1 then 2 end",
        "\"a\" join \"b\" using (\"c\")",
        "\"a\" natural join \"b\"",
        "'1'::text",
        "\"a\" collate \"b\"",
        "cast(\"a\" as \"b\")"
      })
  void areRefusedWhereTheServerCanNotBeToldThem(String sql) {
    assertThatThrownBy(() -> CatalogNames.complete(sql))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(sql);
  }
}
