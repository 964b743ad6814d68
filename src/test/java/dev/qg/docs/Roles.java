package dev.qg.docs;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.TestDatabase;
import java.util.List;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;

/**
 * The roles of docs/operating.md, made for one test by the SQL that stands there. Roles belong to
 * the whole server: these have names of their own, and are dropped at the end of the test.
 */
final class Roles {

  /** All grants of a role, each as it is written after GRANT and after REVOKE. */
  private static final String GRANTS =
      """
      select what from (
        select grantee, format('%s on %s %s', privilege_type,
                               case relkind when 'S' then 'sequence' else 'table' end, c.oid::regclass) as what
        from pg_class c, aclexplode(relacl)
        union all
        select grantee, format('%s (%I) on %s', privilege_type, attname, attrelid::regclass)
        from pg_attribute, aclexplode(attacl)
        union all
        select grantee, format('%s on schema %I', privilege_type, nspname)
        from pg_namespace, aclexplode(nspacl)
        union all
        select member, roleid::regrole::text
        from pg_auth_members
      ) as grants where grantee = cast(? as regrole)
      """;

  private final TestDatabase db;
  private final String suffix;

  private Roles(TestDatabase db) {
    this.db = db;
    this.suffix = "_of_" + db.ctx().fetchValue("select current_database()");
  }

  /** Makes the roles in a database where nobody may do anything without being told so. */
  static Roles make(TestDatabase db) {
    Roles roles = new Roles(db);
    List<String> names =
        List.of("qg_enqueue", "qg_work", "qg_stats", "qg_operate").stream()
            .map(roles::name)
            .toList();
    db.ctx().execute("revoke all on schema public from public");
    db.closeLater(() -> names.forEach(roles::drop));
    db.ctx().execute(roles.sql());
    for (String name : names) {
      // The password is for servers that ask for one; the embedded one doesn't.
      db.ctx().execute("alter role " + name + " login password 'secret'");
    }
    return roles;
  }

  private String sql() {
    return Document.read("docs/operating.md")
        .sql("CREATE ROLE")
        .replaceAll("\\bqg_(enqueue|work|stats|operate)\\b", "$0" + suffix);
  }

  private void drop(String name) {
    db.ctx().execute("drop owned by " + name);
    db.ctx().execute("drop role " + name);
  }

  /** What a role of the document is called in this test. */
  String name(String role) {
    return role + suffix;
  }

  /** Connections of a role, which the end of the test closes. */
  HikariDataSource login(String role) {
    return db.pool(5, "user=" + name(role) + "&password=secret");
  }

  /** A context that takes a connection of a role for each statement. */
  DSLContext ctx(String role) {
    return DSL.using(login(role), SQLDialect.POSTGRES);
  }

  /** What was granted to a role, each by itself. */
  List<String> grants(String role) {
    return db.ctx().fetch(GRANTS, name(role)).getValues(0, String.class);
  }

  void revoke(String role, String grant) {
    db.ctx().execute("revoke " + grant + " from " + name(role));
  }

  void grant(String role, String grant) {
    db.ctx().execute("grant " + grant + " to " + name(role));
  }
}
