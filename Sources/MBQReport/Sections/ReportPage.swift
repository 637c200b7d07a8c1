import MBQEvaluation

/// A report as one HTML file without any other file, network access or script.
public enum ReportPage {
  public static func render(_ report: ReportDocument) -> String {
    let name = DisplayText.shortened(
      DisplayText.clean(report.dataset.path, limit: 400).split(separator: "/").last.map(String.init)
        ?? "", to: 60)
    let sections = ReportSections.all.compactMap { section -> Markup? in
      section.html(report).map {
        .element(
          "section", [.init("id", section.id)], [.element("h2", section.title), $0])
      }
    }
    let head = Markup.element(
      "head",
      [
        .element("meta", [.init("charset", "utf-8")], []),
        .element(
          "meta",
          [.init("name", "viewport"), .init("content", "width=device-width, initial-scale=1")], []),
        .element(
          "meta", [.init("name", "color-scheme"), .init("content", "light dark")], []),
        // Even unescaped markup could not run or load anything.
        .element(
          "meta",
          [
            .init("http-equiv", "Content-Security-Policy"),
            .init("content", "default-src 'none'; style-src 'unsafe-inline'"),
          ], []),
        .element("title", "mbq report: \(name)"),
        .element("style", [.constant(styleSheet)]),
      ])
    let body = Markup.element(
      "body",
      [
        .element(
          "main",
          [
            .element(
              "header",
              [
                .element("h1", "What the shrinking cost"),
                .element("p", style: "lead", [.prose(report.recommendation.sentence)]),
                .element("p", style: "soft", [.text(scope(report))]),
                contents(report),
              ])
          ] + sections)
      ])
    return "<!doctype html>\n"
      + Markup.element("html", [.init("lang", "en")], [head, body]).rendered + "\n"
  }

  /// The data behind the figures.
  static func scope(_ report: ReportDocument) -> String {
    let path = DisplayText.shortened(DisplayText.clean(report.dataset.path, limit: 400), to: 80)
    let count = report.variants.count
    return
      "\(count) variant\(count == 1 ? "" : "s") on \(Human.count(report.dataset.rows)) labelled "
      + "texts of \(path). The one to take is the smallest download within "
      + "\(PlotCanvas.number(report.recommendation.acceptedDrop * 100)) points of the baseline's "
      + "accuracy that changes at most "
      + "\(PlotCanvas.number(report.recommendation.acceptedFlips * 100)) % of its answers."
  }

  private static func contents(_ report: ReportDocument) -> Markup {
    .element(
      "nav", [.init("aria-label", "Sections")],
      ReportSections.all.filter { $0.html(report) != nil }.map {
        .element("a", [.init("href", "#\($0.id)")], [.text($0.title)])
      })
  }

  private static let styleSheet = """
    :root{\(PlotStyle.light)}
    @media(prefers-color-scheme:dark){:root{\(PlotStyle.dark)}}
    @media print{:root{\(PlotStyle.light)}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
    main{max-width:960px;margin:0 auto;padding:24px 16px 64px}
    h1{font-size:28px;line-height:1.2;margin:0 0 12px}
    h2{font-size:20px;line-height:1.3;margin:44px 0 12px;padding-top:12px;border-top:1px solid var(--rule)}
    p{margin:0 0 12px;max-width:72ch;overflow-wrap:anywhere}
    .lead{font-size:18px;background:var(--panel);border-left:4px solid var(--accent);padding:12px 16px;max-width:none}
    .soft,figcaption,caption,dt{color:var(--soft)}
    .small{font-size:14px;margin-top:12px}
    nav{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:14px}
    a{color:var(--accent)}
    figure{margin:0 0 12px}
    figcaption{font-size:14px;max-width:80ch;margin-top:8px;overflow-wrap:anywhere}
    .plot svg{display:block;width:100%;height:auto;max-width:720px}
    .narrow{display:none}
    .panels{display:flex;flex-wrap:wrap;gap:16px 12px}
    .panels figure{display:flex;flex-direction:column-reverse;justify-content:flex-end;max-width:100%;margin:0}
    .panels figcaption{font-weight:600;color:var(--ink);margin:0 0 4px}
    .panels svg{max-width:100%;height:auto}
    .table{overflow-x:auto;margin:0 0 12px;border:1px solid var(--rule);border-radius:4px}
    .table:focus-visible,a:focus-visible,summary:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
    table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
    caption{text-align:left;padding:8px 12px;font-size:14px}
    caption span{display:block;position:sticky;left:12px;max-width:min(900px,calc(100vw - 58px))}
    th,td{padding:5px 12px;text-align:left;vertical-align:top;border-top:1px solid var(--rule)}
    thead th{background:var(--panel);vertical-align:bottom}
    tbody th{font-weight:400}
    .stack thead th,.stack td:nth-child(2){white-space:nowrap}
    .num{text-align:right;white-space:nowrap}
    .pick{background:var(--panel);font-weight:600}
    .excerpt{display:block;min-width:240px;max-height:9em;overflow:hidden;overflow-wrap:anywhere}
    details{margin:0 0 12px}
    summary{cursor:pointer;padding:4px 0;overflow-wrap:anywhere}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:0 0 12px;font-size:14px}
    dt{max-width:40vw;overflow-wrap:anywhere}
    dd{margin:0;overflow-wrap:anywhere;min-width:0}
    ul{padding-left:20px;font-size:14px;max-width:80ch}
    @media(min-width:761px){.panels{gap:16px 40px}}
    @media(max-width:760px){.wide{display:none}.narrow{display:block}.narrow svg{max-width:480px}
    h1{font-size:24px}th,td{padding:5px 8px}
    #variants tbody th,#variants thead th:first-child{position:sticky;left:0;background:var(--paper);max-width:38vw;box-shadow:1px 0 var(--rule)}
    .stack thead{display:none}.stack tr{display:block;padding:6px 8px;border-top:1px solid var(--rule)}
    .stack td,.stack th{display:inline;border:0;padding:0 8px 0 0}
    .stack td::before,.stack th::before{content:attr(data-name) " ";color:var(--soft)}
    .stack .excerpt{min-width:0}.stack td:last-child{display:block;padding:2px 0 0}
    .stack td:last-child::before{content:none}}
    @media print{body{font-size:11pt}main{max-width:none;padding:0}nav{display:none}
    .wide{display:block}.narrow{display:none}.table{overflow:visible;border:0}table{font-size:9pt}
    th,td{padding:2pt 5pt}details::details-content{content-visibility:visible;block-size:auto}
    figure,tr{break-inside:avoid}h2{break-after:avoid}
    *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
    \(PlotStyle.rules)
    """
}
