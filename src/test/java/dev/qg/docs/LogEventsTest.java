package dev.qg.docs;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page for operators lists each event that is logged, and no other. */
class LogEventsTest {

  private static final Pattern IN_CODE =
      Pattern.compile(
          "(?:\"event\",\\s*|tell\\(|event(?:Of)?\\((?:job, )?(?:level|Level\\.\\w+), )\"(\\w+)\"");

  /** Their names are made of the subject. */
  private static final Pattern OUTAGE = Pattern.compile("new Outage\\(\"(\\w+)\"");

  private static final Pattern IN_TABLE = Pattern.compile("(?m)^\\|((?: `\\w+`,?)+) \\|");
  private static final Pattern NAME = Pattern.compile("`(\\w+)`");

  @Test
  void areThoseOfTheCode() throws IOException {
    Set<String> logged = new TreeSet<>();
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      for (String source : files.filter(Files::isRegularFile).map(LogEventsTest::read).toList()) {
        logged.addAll(find(IN_CODE, source));
        find(OUTAGE, source)
            .forEach(
                subject -> logged.addAll(List.of(subject + "_failing", subject + "_recovered")));
      }
    }
    String text = Document.read("docs/operating.md").text();
    String section = text.substring(text.indexOf("\n## Logs\n"), text.indexOf("\n## Shutdown\n"));
    assertThat(find(NAME, section)).containsAll(logged);
    Set<String> listed = new TreeSet<>();
    find(IN_TABLE, section).forEach(names -> listed.addAll(find(NAME, names)));
    listed.remove("event");
    assertThat(logged).hasSizeGreaterThan(25).containsAll(listed);
  }

  private static Set<String> find(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .map(found -> found.group(1))
        .collect(toCollection(TreeSet::new));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
