package dev.qg.bench;

import java.util.Locale;
import java.util.Map;

/** A bar chart: a bar for each figure, ours in colour. Readable on a light and a dark page. */
final class Chart {

  private static final int WIDTH = 760;
  private static final int NAMES = 270;
  private static final int BARS = 380;
  private static final int ROW = 26;
  private static final int TOP = 44;

  private Chart() {}

  static String of(Result result) {
    double longest =
        result.figures().values().stream().mapToDouble(Double::doubleValue).max().orElse(1);
    int height = TOP + ROW * result.figures().size() + 8;
    StringBuilder svg = new StringBuilder();
    svg.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" \
        font-family="system-ui, sans-serif" font-size="13" fill="#7d8590" role="img">
        <title>%s</title>
        <text x="8" y="24" font-size="15" font-weight="600">%s, %s</text>
        """
            .formatted(
                WIDTH,
                height,
                WIDTH,
                height,
                escaped(result.scenario().about()),
                escaped(result.scenario().name()),
                escaped(result.scenario().unit())));
    int y = TOP;
    for (Map.Entry<String, Double> figure : result.figures().entrySet()) {
      double length = longest > 0 ? Math.max(1, BARS * figure.getValue() / longest) : 1;
      svg.append(
          String.format(
              Locale.ROOT,
              """
              <text x="%d" y="%d" text-anchor="end">%s</text>
              <rect x="%d" y="%d" width="%.1f" height="16" rx="2" fill="%s"/>
              <text x="%.1f" y="%d">%s</text>
              """,
              NAMES - 8,
              y + 13,
              escaped(figure.getKey()),
              NAMES,
              y,
              length,
              isOurs(figure.getKey()) ? "#2f81f7" : "#9aa4af",
              NAMES + length + 6,
              y + 13,
              Runner.number(figure.getValue())));
      y += ROW;
    }
    return svg.append("</svg>\n").toString();
  }

  private static boolean isOurs(String name) {
    return name.matches("qg(?!-classic).*");
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
