package dev.qg.chaos;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.postgresql.PGConnection;

/** What a producer was told, put beside what is there. */
final class Answers {

  private Answers() {}

  static void load(Servers servers, Path file) {
    String rows = rows(file);
    servers.ask(
        ctx ->
            ctx.connectionResult(
                connection -> {
                  try (Reader reader = new StringReader(rows)) {
                    return connection
                        .unwrap(PGConnection.class)
                        .getCopyAPI()
                        .copyIn("copy answers from stdin with (delimiter ' ')", reader);
                  } catch (IOException e) {
                    throw new SQLException(e);
                  }
                }));
  }

  /** Without what a kill may have cut off. */
  private static String rows(Path file) {
    try {
      String text = Files.readString(file, StandardCharsets.US_ASCII);
      return text.substring(0, text.lastIndexOf('\n') + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
