package dev.qg.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the document says of speed is what the bench has measured. */
class PerformanceTest {

  private static final Path RESULTS = Path.of("bench/results");
  private static final Pattern NAME = Pattern.compile("\"name\" : \"([^\"]+)\"");
  private static final Pattern RATIOS = Pattern.compile("(?s)\"ratios\" : \\{([^}]*)\\}");
  private static final Pattern RATIO = Pattern.compile("\"([^\"]+)\" : ([0-9.E-]+)");

  private final Document document = Document.read("docs/performance.md");

  @Test
  void tellsEachRatio() throws IOException {
    List<String> told = document.text().lines().filter(line -> line.startsWith("|")).toList();
    List<String> measured =
        RATIOS
            .matcher(results())
            .results()
            .flatMap(ratios -> RATIO.matcher(ratios.group(1)).results())
            .map(
                ratio ->
                    String.format(
                        Locale.ROOT,
                        "| %s | %.2f |",
                        ratio.group(1),
                        Double.parseDouble(ratio.group(2))))
            .toList();
    assertThat(measured).isNotEmpty();
    assertThat(measured).allSatisfy(row -> assertThat(told).anyMatch(line -> line.contains(row)));
  }

  @Test
  void showsEachChart() throws IOException {
    List<String> charts =
        NAME.matcher(results())
            .results()
            .map(name -> RESULTS.resolve(name.group(1) + ".svg").toString())
            .toList();
    assertThat(charts).isNotEmpty();
    assertThat(document.relativeLinks()).containsAll(charts.stream().map("../"::concat).toList());
    assertThat(charts).allMatch(chart -> Files.exists(Path.of(chart)));
  }

  private static String results() throws IOException {
    return Files.readString(RESULTS.resolve("latest.json"));
  }
}
