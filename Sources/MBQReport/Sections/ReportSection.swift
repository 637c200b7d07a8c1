/// A part of a report: a heading and what stands below it.
public protocol ReportSection: SendableMetatype {
  /// Its anchor in the page, such as `latency`.
  static var id: String { get }
  static var title: String { get }

  /// What stands below the heading; `nil` if this report has nothing for it.
  static func html(_ report: ReportDocument) -> Markup?

  /// The same for a pull request, below a heading or folded away; `nil` to be left out.
  static func markdown(_ report: ReportDocument) -> String?
}

/// Every section, in the order of the page.
///
/// To add one: a file in Sections/, and a line here.
public enum ReportSections {
  public static let all: [any ReportSection.Type] = [
    VariantsSection.self,
    SizeSection.self,
    LatencySection.self,
    ConfusionSection.self,
    FlipsSection.self,
    LayersSection.self,
    ReliabilitySection.self,
    LengthsSection.self,
    MethodSection.self,
  ]
}
