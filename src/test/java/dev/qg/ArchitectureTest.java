package dev.qg;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.be;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static java.util.regex.Pattern.CASE_INSENSITIVE;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/** The layers and the habits of the code, as design.md has them. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .importUrl(Qg.class.getProtectionDomain().getCodeSource().getLocation());

  /** A literal that begins like a statement; COPY is the one that the DSL has no word for. */
  private static final Pattern SQL =
      Pattern.compile(
          "\"\\s*(select|insert|update|delete|merge|with|values|set|listen|notify|lock|begin|commit"
              + "|create|alter|drop|truncate|do)\\s[^\"]*\"",
          CASE_INSENSITIVE);

  private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|//[^\\n]*");

  /** Compiled for one version of a library, the classes are run with others. */
  @Test
  void librariesHaveWhatIsCalled() {
    assertThat(
            CLASSES.stream()
                .flatMap(type -> type.getAccessesFromSelf().stream())
                .filter(access -> access.getTargetOwner().getPackageName().startsWith("org."))
                .filter(access -> access.getTarget().resolveMember().isEmpty())
                .map(JavaAccess::getDescription))
        .isEmpty();
  }

  @Test
  void eachLayerKnowsOnlyThoseUnderIt() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("API")
        .definedBy("dev.qg")
        .layer("work")
        .definedBy("dev.qg.internal.work")
        .layer("sql")
        .definedBy("dev.qg.internal.sql")
        .layer("concurrent")
        .definedBy("dev.qg.internal.concurrent")
        .layer("tables")
        .definedBy("dev.qg.jooq..")
        .whereLayer("API")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("work")
        .mayOnlyBeAccessedByLayers("API")
        .whereLayer("sql")
        .mayOnlyBeAccessedByLayers("API", "work")
        .whereLayer("concurrent")
        .mayOnlyBeAccessedByLayers("API", "work", "sql")
        .check(CLASSES);
    assertThat(packages())
        .extracting(JavaPackage::getName)
        .containsExactlyInAnyOrder(
            "dev.qg",
            "dev.qg.internal.work",
            "dev.qg.internal.sql",
            "dev.qg.internal.concurrent",
            "dev.qg.jooq",
            "dev.qg.jooq.tables",
            "dev.qg.jooq.tables.records");
  }

  @Test
  void nothingInternalIsInAPublicSignature() {
    classes()
        .that()
        .resideInAPackage("dev.qg")
        .and()
        .arePublic()
        .should(
            new ArchCondition<JavaClass>("show no internal type") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                Stream.concat(
                        type.getMembers().stream()
                            .filter(ArchitectureTest::isApi)
                            .flatMap(ArchitectureTest::typesOf),
                        Stream.concat(
                            type.getRawSuperclass().stream(), type.getRawInterfaces().stream()))
                    .filter(resideInAPackage("dev.qg.internal.."))
                    .forEach(
                        shown ->
                            events.add(
                                SimpleConditionEvent.violated(
                                    type, type.getName() + " shows " + shown.getName())));
              }
            })
        .check(CLASSES);
  }

  @Test
  void everyPackageSaysHowItTakesNull() {
    assertThat(packages())
        .filteredOn(found -> !found.getName().startsWith("dev.qg.jooq."))
        .allMatch(
            found ->
                found.isAnnotatedWith(NullMarked.class)
                    || found.isAnnotatedWith(NullUnmarked.class));
  }

  @Test
  void classesAreNotMadeToBeExtended() {
    classes()
        .that()
        .resideOutsideOfPackage("dev.qg.jooq..")
        .and()
        .areNotInterfaces()
        .and()
        .areNotAnonymousClasses()
        .and()
        // The base of our exceptions.
        .doNotHaveFullyQualifiedName(QgException.class.getName())
        .should(
            be(
                DescribedPredicate.describe(
                    "final or sealed",
                    type ->
                        type.getModifiers().contains(JavaModifier.FINAL)
                            || type.isEnum()
                            || type.reflect().isSealed())))
        .check(CLASSES);
  }

  @Test
  void nothingIsPrintedOrLoggedPastSlf4j() {
    NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES);
    NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(CLASSES);
  }

  @Test
  void nothingSleepsOrIsSynchronizedWhichPinsVirtualThreads() throws IOException {
    noClasses().should().callMethod(Thread.class, "sleep", long.class).check(CLASSES);
    assertThat(sources("src/main/java", source -> code(source).contains("synchronized"))).isEmpty();
  }

  @Test
  void noSqlIsWrittenInStrings() throws IOException {
    assertThat(sources("src/main/java", source -> SQL.matcher(code(source)).find())).isEmpty();
  }

  @Test
  void filesStayUnderThreeHundredLines() throws IOException {
    Predicate<String> isLong = source -> source.lines().count() >= 300;
    assertThat(sources("src/main/java", isLong)).isEmpty();
    assertThat(sources("src/test/java", isLong)).isEmpty();
  }

  private static boolean isApi(JavaMember member) {
    Set<JavaModifier> modifiers = member.getModifiers();
    return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
  }

  private static Stream<JavaClass> typesOf(JavaMember member) {
    return member.getAllInvolvedRawTypes().stream();
  }

  private static List<JavaPackage> packages() {
    return CLASSES.stream().map(JavaClass::getPackage).distinct().toList();
  }

  private static String code(String source) {
    return COMMENT.matcher(source).replaceAll("");
  }

  private static List<Path> sources(String folder, Predicate<String> matches) throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(folder))) {
      List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
      assertThat(sources).hasSizeGreaterThan(10);
      return sources.stream()
          .filter(
              file -> {
                try {
                  return matches.test(Files.readString(file));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              })
          .toList();
    }
  }
}
