package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jooq.JSON;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each statement class sends the SQL of its golden file, word for word, and its Javadoc shows it,
 * with short names of what is PostgreSQL's. {@code mvn test -Dtest=GoldenSqlTest
 * -Dqg.golden.write=true} rewrites both.
 */
class GoldenSqlTest {

  private static final boolean WRITE = Boolean.getBoolean("qg.golden.write");
  private static final Path GOLDEN = Path.of("src/test/resources/sql");
  private static final Path SOURCE = Path.of("src/main/java/dev/qg/internal/sql");
  private static final Pattern SHOWN = Pattern.compile("(?s)(<pre>\\{@code\n)(.*?)( \\* }</pre>)");

  private static final OffsetDateTime TIME =
      OffsetDateTime.of(2026, 1, 2, 3, 4, 5, 0, ZoneOffset.UTC);
  private static final JobKey KEY = new JobKey("", (short) 100, TIME, 1);
  private static final JobRow ROW = new JobRow(KEY, "A", JSON.json("[]"), 0, null, "(0,1)");
  private static final NewJob LEAST = new NewJob("A", null, null, null, null);
  private static final NewJob MOST = new NewJob("A", "q", (short) 1, TIME, JSON.json("[]"));

  /** A statement class, and what it sends with the statements of a schema. */
  record Golden(Class<?> type, Map<String, Function<Renderer, String>> sent) {

    private static Golden of(Class<?> type, Function<Renderer, String> sent) {
      return new Golden(type, new LinkedHashMap<>(Map.of("", sent)));
    }

    private Golden and(String title, Function<Renderer, String> sent) {
      this.sent.put(title, sent);
      return this;
    }

    @Override
    public String toString() {
      return type.getSimpleName();
    }
  }

  static Stream<Golden> statements() {
    return Stream.of(
        Golden.of(
            LockJobs.class, r -> Sent.by(c -> new LockJobs(r).execute(c, "", 1, List.of(), null))),
        Golden.of(LockJob.class, r -> Sent.by(c -> new LockJob(r).execute(c, "", null))),
        Golden.of(
            RereadJobs.class, r -> Sent.by(c -> new RereadJobs(r).execute(c, "", List.of(KEY), 1))),
        Golden.of(
            ReadJobHead.class,
            r -> Sent.by(c -> new ReadJobHead(r).execute(c, KEY, new Throwable()))),
        Golden.of(UnlockJobs.class, r -> Sent.by(c -> new UnlockJobs(r).execute(c, List.of(1L)))),
        Golden.of(InsertJob.class, r -> Sent.by(c -> new InsertJob(r).execute(c, MOST, true)))
            .and("without notice", r -> Sent.by(c -> new InsertJob(r).execute(c, MOST, false)))
            .and("for the id", r -> Sent.by(c -> new InsertJob(r).executeForId(c, MOST, true)))
            .and(
                "only what is required, without notice",
                r -> Sent.by(c -> new InsertJob(r).execute(c, LEAST, false))),
        Golden.of(
                InsertJobs.class,
                r -> Sent.by(c -> new InsertJobs(r).execute(c, List.of(1L), List.of(MOST))))
            .and(
                "only what is required",
                r -> Sent.by(c -> new InsertJobs(r).execute(c, List.of(1L), List.of(LEAST)))),
        Golden.of(CopyJobs.class, r -> new CopyJobs(r).sql(JobColumn.setBy(MOST)))
            .and("only what is required", r -> new CopyJobs(r).sql(JobColumn.setBy(LEAST))),
        Golden.of(DeleteJobs.class, r -> Sent.by(c -> new DeleteJobs(r).execute(c, List.of(ROW)))),
        Golden.of(
            DeleteJobsByKey.class,
            r -> Sent.by(c -> new DeleteJobsByKey(r).execute(c, List.of(KEY)))),
        Golden.of(
            ScheduleRetries.class,
            r ->
                Sent.by(
                    c ->
                        new ScheduleRetries(r)
                            .execute(c, List.of(new Retry(KEY, Duration.ZERO, "error"))))),
        Golden.of(
                AdjustSession.class,
                r -> Sent.by(c -> new AdjustSession(r, AdjustSession.TO_HOLD).execute(c)))
            .and(
                "unless they are set",
                r -> Sent.by(c -> AdjustSession.unlessSet(r, AdjustSession.TO_WORK).execute(c))),
        Golden.of(SelectReadOnly.class, r -> Sent.by(c -> new SelectReadOnly(r).execute(c))),
        Golden.of(SelectOwnLocks.class, r -> Sent.by(c -> new SelectOwnLocks(r).execute(c))),
        Golden.of(SelectBackend.class, r -> Sent.by(c -> new SelectBackend(r).execute(c))),
        Golden.of(SpareLocks.class, r -> Sent.by(c -> new SpareLocks(r).take(c)))
            .and("to give them up", r -> Sent.by(c -> new SpareLocks(r).giveUp(c))),
        Golden.of(Listen.class, r -> Sent.by(c -> new Listen(r).execute(c)))
            .and("to end it", r -> Sent.by(c -> new Listen(r).end(c))),
        Golden.of(
            NotifyJobs.class,
            r -> Sent.by(c -> new NotifyJobs(r).execute(c, List.of(JobNotice.ofAny())))),
        Golden.of(ProbeTransaction.class, r -> Sent.by(new ProbeTransaction(r)::mark))
            .and("to look for it", r -> Sent.by(new ProbeTransaction(r)::look)),
        Golden.of(TakeIds.class, r -> Sent.by(c -> new TakeIds(r).execute(c, 1))),
        keyed(DeleteJob.class, r -> c -> new DeleteJob(r).execute(c, KEY)),
        Golden.of(FinishJob.class, r -> Sent.by(c -> new FinishJob(r).execute(c, KEY))),
        keyed(
            ScheduleRetry.class,
            r -> c -> new ScheduleRetry(r).execute(c, KEY, Duration.ZERO, "error")),
        keyed(BuryJob.class, r -> c -> new BuryJob(r).execute(c, KEY, "error")),
        Golden.of(ReviveJobs.class, r -> Sent.by(c -> new ReviveJobs(r).execute(c, List.of(1L)))),
        Golden.of(SelectStats.class, r -> Sent.by(c -> new SelectStats(r).execute(c))),
        Golden.of(SelectWorking.class, r -> Sent.by(c -> new SelectWorking(r).execute(c))),
        Golden.of(FindTable.class, r -> Sent.by(c -> new FindTable(r, QUE_JOBS).execute(c)))
            .and("dead jobs", r -> Sent.by(c -> new FindTable(r, QG_DEAD_JOBS).execute(c))));
  }

  private static Golden keyed(Class<?> type, Function<Renderer, Consumer<Connection>> execute) {
    return Golden.of(type, r -> Sent.by(execute.apply(r)))
        .and("where the driver is hidden", r -> Sent.whereTheDriverIsHidden(execute.apply(r)));
  }

  @ParameterizedTest
  @MethodSource("statements")
  void sendsWhatTheGoldenFileHas(Golden statement) throws IOException {
    Path file = GOLDEN.resolve(statement + ".sql");
    Map<String, String> actual = sections(statement);
    if (WRITE) {
      Files.createDirectories(GOLDEN);
      Files.writeString(
          file,
          actual.entrySet().stream()
              .map(
                  entry -> "-- " + entry.getKey() + "\n" + SqlFormat.lines(entry.getValue()) + "\n")
              .collect(joining("\n")));
    }
    assertThat(read(file)).isEqualTo(actual);
  }

  @ParameterizedTest
  @MethodSource("statements")
  void isShownInItsJavadoc(Golden statement) throws IOException {
    Path file = SOURCE.resolve(statement + ".java");
    String source = Files.readString(file);
    String sent = withShortNames(statement.sent().get("").apply(new Renderer(null)));
    if (WRITE) {
      String lines =
          SqlFormat.lines(sent).lines().map(line -> " * " + line + "\n").collect(joining());
      Files.writeString(
          file, SHOWN.matcher(source).replaceFirst("$1" + Matcher.quoteReplacement(lines) + "$3"));
      source = Files.readString(file);
    }
    Matcher shown = SHOWN.matcher(source);
    assertThat(shown.find()).as("the Javadoc of %s shows SQL", statement).isTrue();
    assertThat(SqlFormat.oneLine(shown.group(2).replaceAll("(?m)^ \\*", ""))).isEqualTo(sent);
  }

  private static String withShortNames(String sql) {
    return sql.replaceAll("operator\\(pg_catalog\\.(.+?)\\)", "$1").replace("pg_catalog.", "");
  }

  /** What the class sends, by title: on the search path, and in a schema. */
  private static Map<String, String> sections(Golden statement) {
    Map<String, String> sections = new LinkedHashMap<>();
    statement
        .sent()
        .forEach(
            (title, sent) -> {
              String with = title.isEmpty() ? "" : ", " + title;
              sections.put("on the search path" + with, sent.apply(new Renderer(null)));
              sections.put("in the schema jobs" + with, sent.apply(new Renderer("jobs")));
            });
    return sections;
  }

  private static Map<String, String> read(Path file) throws IOException {
    Map<String, String> sections = new LinkedHashMap<>();
    for (String section : Files.readString(file).split("(?m)^-- ", -1)) {
      if (!section.isEmpty()) {
        int end = section.indexOf('\n');
        sections.put(section.substring(0, end), SqlFormat.oneLine(section.substring(end)));
      }
    }
    return sections;
  }
}
