package dev.qg.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;

/** What the documents show is compiled and run, and what they point to is there. */
class DocsTest {

  private static final Path TESTS = Path.of("src/test/java");

  static Stream<Document> documents() {
    return Document.all();
  }

  static Stream<Document.Block> java() {
    return Document.allBlocks("java");
  }

  static Stream<Document.Block> xml() {
    return Document.allBlocks("xml");
  }

  static Stream<Document.Block> sh() {
    return Document.allBlocks("sh");
  }

  @ParameterizedTest
  @MethodSource("java")
  void showOnlyJavaThatStandsInATest(Document.Block block) throws IOException {
    try (Stream<Path> sources = Files.list(TESTS.resolve("dev/qg/docs"))) {
      List<Path> holders =
          sources
              .filter(source -> source.toString().endsWith("SnippetsTest.java"))
              .filter(source -> Collections.indexOfSubList(lines(source), block.lines()) >= 0)
              .toList();
      assertThat(holders).as("tests that hold this block:%n%s", block.code()).isNotEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("xml")
  void showOnlyDependenciesOfTheVersionsInThePom(Document.Block block) throws Exception {
    Element dependency = parse(block.code());
    String artifact = text(dependency, "artifactId");
    String version = text(dependency, "version");
    Element pom = parse(Document.content(Path.of("pom.xml")));

    assertThat(versionInPom(pom, text(dependency, "groupId"), artifact))
        .as("the version of %s", artifact)
        .isEqualTo(version);
  }

  @ParameterizedTest
  @MethodSource("sh")
  void nameOnlyProfilesPropertiesAndFilesThatExist(Document.Block block) {
    String pom = Document.content(Path.of("pom.xml"));
    for (MatchResult profile : matches(" -P([\\w-]+)", block)) {
      assertThat(pom).contains("<id>" + profile.group(1) + "</id>");
    }
    for (MatchResult property : matches(" -D(qg[\\w.]+)", block)) {
      assertThat(pom).contains(property.group(1));
    }
    for (MatchResult file : matches("(?:-f |^)(\\S+/\\S+)", block)) {
      assertThat(Path.of(file.group(1))).exists();
    }
    for (MatchResult test : matches("-Dtest=(\\w+)", block)) {
      assertThat(source(test.group(1))).isNotEmpty();
    }
  }

  @Test
  void startWithTwoCommands() {
    String quickStart = Document.read("README.md").text().split("\n## Quick start\n", 2)[1];

    Document.Block first =
        new Document(Path.of("README.md"), quickStart).blocks().findFirst().orElseThrow();

    assertThat(first.lines()).hasSize(2).allMatch(command -> command.startsWith("mvn "));
  }

  @Test
  void beginWithAReadmeThatCanBeReadInOneGo() {
    assertThat(Document.read("README.md").text().lines().count()).isLessThan(200);
  }

  @ParameterizedTest
  @MethodSource("documents")
  void linkOnlyToWhatIsThere(Document document) {
    for (String link : document.relativeLinks()) {
      String[] parts = link.split("#", 2);
      Path target =
          parts[0].isEmpty()
              ? document.path()
              : document.path().resolveSibling(parts[0]).normalize();
      assertThat(target).as("the target of %s", link).exists();
      if (parts.length == 2) {
        assertThat(Document.read(target.toString()).anchors())
            .as("the headings of %s", target)
            .contains(parts[1]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("documents")
  void nameOnlyTestsThatExist(Document document) throws Exception {
    for (MatchResult test : document.tests()) {
      Path source =
          source(test.group(1)).stream()
              .findFirst()
              .orElseThrow(() -> new AssertionError("There is no " + test.group(1)));
      String name = TESTS.relativize(source).toString().replaceAll("[/\\\\]", ".");
      Class<?> type = Class.forName(name.substring(0, name.length() - ".java".length()));
      assertThat(Arrays.stream(type.getDeclaredMethods()).map(method -> method.getName()))
          .as("the methods of %s", type)
          .contains(test.group(2));
    }
  }

  @Test
  void nameATestForEachThingOfQg() {
    String text = Document.read("docs/coming-from-qg.md").text();
    int start = text.indexOf("## From qg\n");
    String fromQg = text.substring(start, text.indexOf("\n## ", start));

    assertThat(new Document(Path.of("coming-from-qg.md"), fromQg).rows())
        .hasSize(36)
        .allSatisfy(row -> assertThat(row.get(3)).matches("`\\w+Test#\\w+`(, `\\w+Test#\\w+`)*"));
  }

  private static List<MatchResult> matches(String pattern, Document.Block block) {
    return Pattern.compile(pattern, Pattern.MULTILINE).matcher(block.code()).results().toList();
  }

  private static List<String> lines(Path source) {
    return new Document.Block(new Document(source, ""), "java", Document.content(source)).lines();
  }

  private static List<Path> source(String testClass) {
    try (Stream<Path> files = Files.walk(TESTS)) {
      return files
          .filter(file -> file.getFileName().toString().equals(testClass + ".java"))
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Element parse(String xml) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)))
        .getDocumentElement();
  }

  private static String text(Element parent, String child) {
    for (var node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node.getNodeName().equals(child)) {
        return node.getTextContent().strip();
      }
    }
    return "";
  }

  /** The project's own version, or that of one of its dependencies. */
  private static String versionInPom(Element pom, String group, String artifact) {
    var dependencies = pom.getElementsByTagName("dependency");
    Element found = text(pom, "artifactId").equals(artifact) ? pom : null;
    for (int i = 0; i < dependencies.getLength() && found == null; i++) {
      Element dependency = (Element) dependencies.item(i);
      if (text(dependency, "groupId").equals(group)
          && text(dependency, "artifactId").equals(artifact)) {
        found = dependency;
      }
    }
    String version = found == null ? "not in pom.xml" : text(found, "version");
    return version.startsWith("${")
        ? pom.getElementsByTagName(version.substring(2, version.length() - 1))
            .item(0)
            .getTextContent()
        : version;
  }
}
