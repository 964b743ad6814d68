package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jooq.Configuration;
import org.jooq.ConnectionProvider;
import org.jooq.DSLContext;
import org.jooq.ExecuteContext;
import org.jooq.ExecuteListener;
import org.jooq.ExecuteListenerProvider;
import org.jooq.QueryPart;
import org.jooq.SQLDialect;
import org.jooq.VisitContext;
import org.jooq.VisitListener;
import org.jooq.VisitListenerProvider;
import org.jooq.conf.MappedSchema;
import org.jooq.conf.MappedTable;
import org.jooq.conf.ParamType;
import org.jooq.conf.RenderKeywordCase;
import org.jooq.conf.RenderMapping;
import org.jooq.conf.RenderNameCase;
import org.jooq.conf.RenderQuotedNames;
import org.jooq.conf.Settings;
import org.jooq.conf.StatementType;
import org.jooq.impl.DSL;
import org.jooq.impl.DefaultConfiguration;
import org.jooq.impl.DefaultConnectionProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The caller's jOOQ configuration never bends our SQL, and is never changed. */
class CallerSettingsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  static Map<String, Configuration> configurations() {
    RenderMapping elsewhere =
        new RenderMapping()
            .withDefaultSchema("nowhere")
            .withSchemata(
                new MappedSchema()
                    .withInput("")
                    .withOutput("nowhere")
                    .withTables(
                        new MappedTable().withInput("que_jobs").withOutput("somebody_elses")));
    return Map.ofEntries(
        Map.entry("as it is", settings(new Settings())),
        Map.entry("mapped elsewhere", settings(new Settings().withRenderMapping(elsewhere))),
        Map.entry("with schemas", settings(new Settings().withRenderSchema(true))),
        Map.entry("with catalogs", settings(new Settings().withRenderCatalog(true))),
        Map.entry(
            "names in upper case",
            settings(
                new Settings()
                    .withRenderQuotedNames(RenderQuotedNames.ALWAYS)
                    .withRenderNameCase(RenderNameCase.UPPER))),
        Map.entry(
            "names unquoted",
            settings(new Settings().withRenderQuotedNames(RenderQuotedNames.NEVER))),
        Map.entry(
            "keywords in upper case",
            settings(new Settings().withRenderKeywordCase(RenderKeywordCase.UPPER))),
        Map.entry("formatted", settings(new Settings().withRenderFormatted(true))),
        Map.entry(
            "optimistic locking", settings(new Settings().withExecuteWithOptimisticLocking(true))),
        Map.entry(
            "static statements",
            settings(new Settings().withStatementType(StatementType.STATIC_STATEMENT))),
        Map.entry("inlined", settings(new Settings().withParamType(ParamType.INLINED))),
        Map.entry("named parameters", settings(new Settings().withParamType(ParamType.NAMED))),
        Map.entry("at most one row", settings(new Settings().withMaxRows(1))),
        Map.entry("default dialect", new DefaultConfiguration().set(SQLDialect.DEFAULT)),
        Map.entry("another database's dialect", new DefaultConfiguration().set(SQLDialect.MYSQL)),
        Map.entry("rewriting visitor", postgres().set(new Rewrite())),
        Map.entry("rewriting listener", postgres().set(new Sabotage())));
  }

  private static Stream<String> names() {
    return configurations().keySet().stream().sorted();
  }

  private static Configuration postgres() {
    return new DefaultConfiguration().set(SQLDialect.POSTGRES);
  }

  private static Configuration settings(Settings settings) {
    return postgres().set(settings);
  }

  @ParameterizedTest
  @MethodSource("names")
  void doesNotBendWhatIsSent(String name) throws SQLException {
    Configuration base = configurations().get(name);
    try (Connection connection = db.dataSource().getConnection()) {
      connection.setAutoCommit(false);
      DSLContext ctx = DSL.using(base.derive(new DefaultConnectionProvider(connection)));

      long one = db.qg().enqueue(ctx, Job.of("One").withArgs("[1]").withQueue("q"));
      long two = db.qg().enqueue(ctx.configuration(), Job.of("Two"));
      List<Long> few = db.qg().enqueueAll(ctx, List.of(Job.of("A"), Job.of("B").withPriority(3)));
      db.qg().enqueueAll(ctx, Collections.nCopies(500, Job.of("Copied")));

      assertThat(db.jobs()).isEmpty();
      assertThat(db.qg().stats(ctx)).hasSize(5);
      assertThat(db.qg().working(ctx)).isEmpty();
      assertThat(db.qg().revive(ctx, List.of(one))).isZero();
      connection.commit();

      assertThat(db.job(one))
          .returns("One", job -> job.getJobClass())
          .returns("q", job -> job.getQueue());
      assertThat(db.job(two).getJobClass()).isEqualTo("Two");
      assertThat(db.job(few.get(1)).getPriority()).isEqualTo((short) 3);
      assertThat(db.jobs()).hasSize(504);
    }
  }

  @Test
  void isNotChanged() {
    for (Configuration one : configurations().values()) {
      Configuration base = one.derive(db.dataSource());
      Settings settings = (Settings) base.settings().clone();
      SQLDialect dialect = base.dialect();
      ConnectionProvider connections = base.connectionProvider();
      List<VisitListenerProvider> visitors = List.of(base.visitListenerProviders());
      List<ExecuteListenerProvider> listeners = List.of(base.executeListenerProviders());

      db.qg().enqueue(base, Job.of("MyJob"));
      db.qg().enqueueAll(DSL.using(base), List.of(Job.of("MyJob")));
      db.qg().stats(DSL.using(base));

      assertThat(base.settings()).isEqualTo(settings);
      assertThat(base.dialect()).isEqualTo(dialect);
      assertThat(base.connectionProvider()).isSameAs(connections);
      assertThat(base.visitListenerProviders()).containsExactlyElementsOf(visitors);
      assertThat(base.executeListenerProviders()).containsExactlyElementsOf(listeners);
      assertThat(base.data()).isEmpty();
    }
  }

  /** Shows that the settings above would bend the caller's own statements. */
  @Test
  void bendsWhatTheCallerSends() {
    for (String name :
        List.of(
            "mapped elsewhere", "names in upper case", "rewriting visitor", "rewriting listener")) {
      DSLContext ctx = DSL.using(configurations().get(name).derive(db.dataSource()));
      assertThatThrownBy(() -> ctx.fetchCount(QUE_JOBS)).as(name).isNotNull();
    }
  }

  private static final class Rewrite implements VisitListener {
    @Override
    public void visitStart(VisitContext context) {
      QueryPart part = context.queryPart();
      if (part.equals(QUE_JOBS)) {
        context.queryPart(DSL.table(DSL.name("somebody_elses")));
      }
    }
  }

  private static final class Sabotage implements ExecuteListener {
    private static final long serialVersionUID = 1L;

    @Override
    public void renderEnd(ExecuteContext ctx) {
      ctx.sql("select * from nowhere");
    }
  }
}
