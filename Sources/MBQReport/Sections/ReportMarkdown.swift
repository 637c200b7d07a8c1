/// A report for a pull request: the figures for the decision, with the rest folded away.
public enum ReportMarkdown {
  /// GitHub refuses a longer comment; sections that do not fit are only in the page.
  public static let limit = 60_000

  public static func render(_ report: ReportDocument) -> String {
    var text = "### What the shrinking cost\n\n"
    text += "**\(MarkdownRenderer.escaped(report.recommendation.sentence))**\n\n"
    text += MarkdownTable.render(VariantsSection.brief(report)) + "\n"
    text += MarkdownRenderer.escaped(ReportPage.scope(report)) + "\n"
    for section in ReportSections.all {
      guard let body = section.markdown(report) else { continue }
      let part =
        "\n<details><summary>\(section.title)</summary>\n\n\(body)\n</details>\n"
      if text.count + part.count <= limit { text += part }
    }
    return text
  }
}
