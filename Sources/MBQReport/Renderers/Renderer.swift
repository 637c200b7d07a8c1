/// A form a report can be printed in.
public protocol Renderer: SendableMetatype {
  /// The name on the command line, such as `text`.
  static var name: String { get }

  /// The report, ending with one line break unless it is empty. `width` is the page's, in columns;
  /// forms without a page ignore it.
  static func render(_ report: Report, width: Int) -> String
}

/// Every form this build prints.
///
/// To add one: a file in Renderers/, and a line here.
public enum Renderers {
  public static let all: [any Renderer.Type] = [
    TextRenderer.self,
    MarkdownRenderer.self,
    JSONRenderer.self,
  ]
}
