package dev.qg.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A Markdown file of the project, taken apart. */
record Document(Path path, String text) {

  /** A fenced block of code. */
  record Block(Document document, String language, String code) {

    List<String> lines() {
      return code.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    }

    @Override
    public String toString() {
      return document + ": " + code.lines().findFirst().orElse("");
    }
  }

  private static final Pattern FENCE = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
  private static final Pattern TEST = Pattern.compile("`(\\w+Test)#(\\w+)`");

  static Document read(String path) {
    return new Document(Path.of(path), content(Path.of(path)));
  }

  /** All of the project's documents. */
  static Stream<Document> all() {
    return Stream.concat(list(Path.of("."), 1), list(Path.of("docs"), Integer.MAX_VALUE))
        .filter(path -> path.toString().endsWith(".md"))
        .map(path -> new Document(path.normalize(), content(path)));
  }

  static Stream<Block> allBlocks(String language) {
    return all().flatMap(Document::blocks).filter(block -> block.language().equals(language));
  }

  Stream<Block> blocks() {
    return FENCE
        .matcher(text)
        .results()
        .map(found -> new Block(this, found.group(1), found.group(2)));
  }

  /** The first block of SQL that has this in it. */
  String sql(String what) {
    return blocks()
        .filter(block -> block.language().equals("sql") && block.code().contains(what))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No SQL in " + path + " has " + what))
        .code();
  }

  /** What it links to within the project. */
  List<String> relativeLinks() {
    return LINK.matcher(FENCE.matcher(text).replaceAll(""))
        .results()
        .map(found -> found.group(1))
        .filter(link -> !link.matches("[a-z]+:.*"))
        .toList();
  }

  /** The names by which its headings can be linked to, as GitHub makes them. */
  List<String> anchors() {
    return HEADING
        .matcher(FENCE.matcher(text).replaceAll(""))
        .results()
        .map(found -> found.group(1).toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
        .toList();
  }

  /** The tests that it names, as {@code Class#method}. */
  List<MatchResult> tests() {
    return TEST.matcher(text).results().toList();
  }

  /** The rows of its tables without their headings, each as its cells. */
  List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    List<String> lines = text.lines().toList();
    for (int i = 2; i < lines.size(); i++) {
      if (lines.get(i).startsWith("|") && lines.get(i - 1).startsWith("|")) {
        rows.add(Stream.of(lines.get(i).split("\\|", -1)).map(String::strip).toList());
      }
    }
    return rows.stream().filter(row -> !row.get(1).startsWith("---")).toList();
  }

  @Override
  public String toString() {
    return path.toString();
  }

  private static Stream<Path> list(Path directory, int depth) {
    try (Stream<Path> files = Files.walk(directory, depth)) {
      return files.sorted().toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String content(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
