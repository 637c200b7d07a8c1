/// A part of a report: a heading and its contents.
public protocol ReportSection: SendableMetatype {
  /// Its anchor in the page, such as `latency`.
  static var id: String { get }
  static var title: String { get }

  /// The contents; `nil` if this report has none.
  static func html(_ report: ReportDocument) -> Markup?

  /// The contents for a pull request, below a heading or folded away; `nil` leaves the section out.
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
