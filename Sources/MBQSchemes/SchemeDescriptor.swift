import MBQCore

/// How the elements of a stored matrix are ordered.
public enum MatrixLayout: Equatable, Sendable {
  /// Row after row.
  case rows
  /// Blocks of 16 rows; in each, for every column (`group` 1) or every 4 columns (`group` 4), the 16
  /// rows' elements side by side. Missing rows and columns are zeros.
  case panels(group: Int)
}

/// What the elements of a stored matrix are.
public enum ElementStorage: Equatable, Sendable {
  case float32
  case float16
  /// Integers within ±127 times their row's scale.
  case int8
  /// Levels of `bits` bits; `group` consecutive columns of a row share a `GroupByte`, which makes each
  /// level an integer within ±127, and that is multiplied with the row's scale.
  case levels(bits: Int, group: Int)

  /// Bits an element takes, scales and group bytes not counted.
  public var bits: Int {
    switch self {
    case .float32: 32
    case .float16: 16
    case .int8: 8
    case .levels(let bits, _): bits
    }
  }
}

/// The numbers a product multiplies the input with: halves are widened on the way, levels beforehand.
public enum Product: Sendable {
  case float32
  case float16
  case int8
}

/// Everything that tells one scheme from another: byte counts, names, kernels, checks, lists of bits and
/// the table of Formats/mbq/mbq.md follow from it.
public struct SchemeDescriptor: Sendable {
  /// The name on the command line and in reports, such as `int8-channel`.
  public let name: StaticString
  public let storage: ElementStorage
  /// Panels are for the weights of products, rows for tables and vectors.
  public let layout: MatrixLayout
  /// The first minor version of the format that has it.
  public let minorVersion: Int

  init(
    _ name: StaticString, _ storage: ElementStorage, inPanels: Bool, since minorVersion: Int
  ) {
    self.name = name
    self.storage = storage
    switch storage {
    case .float32, .float16: layout = inPanels ? .panels(group: 1) : .rows
    case .int8, .levels: layout = inPanels ? .panels(group: 4) : .rows
    }
    self.minorVersion = minorVersion
  }
}

/// The schemes a packed model may use, by the code in the file (Formats/mbq/mbq.md).
///
/// To add one of a storage that exists: a case here and its line below. Codes are never reused.
public enum SchemeCode: UInt16, Sendable, CaseIterable {
  case float32 = 1
  case float16 = 2
  case float32Panels = 3
  case float16Panels = 4
  case int8Channel = 5
  case int8Rows = 6
  case int4ChannelGroup32 = 7
  case int4ChannelGroup64 = 8
  case int4ChannelGroup128 = 9
  case int4RowsGroup32 = 10
  case int4RowsGroup64 = 11
  case int4RowsGroup128 = 12
  case int3ChannelGroup32 = 13
  case int3ChannelGroup64 = 14
  case int3ChannelGroup128 = 15
  case int3RowsGroup32 = 16
  case int3RowsGroup64 = 17
  case int3RowsGroup128 = 18
  case int2ChannelGroup32 = 19
  case int2ChannelGroup64 = 20
  case int2ChannelGroup128 = 21
  case int2RowsGroup32 = 22
  case int2RowsGroup64 = 23
  case int2RowsGroup128 = 24

  public var descriptor: SchemeDescriptor {
    switch self {
    case .float32: .init("float32", .float32, inPanels: false, since: 0)
    case .float16: .init("float16", .float16, inPanels: false, since: 0)
    case .float32Panels: .init("float32-panels", .float32, inPanels: true, since: 0)
    case .float16Panels: .init("float16-panels", .float16, inPanels: true, since: 0)
    case .int8Channel: .init("int8-channel", .int8, inPanels: true, since: 0)
    case .int8Rows: .init("int8-rows", .int8, inPanels: false, since: 0)
    case .int4ChannelGroup32:
      .init("int4-channel-g32", .levels(bits: 4, group: 32), inPanels: true, since: 2)
    case .int4ChannelGroup64:
      .init("int4-channel-g64", .levels(bits: 4, group: 64), inPanels: true, since: 2)
    case .int4ChannelGroup128:
      .init("int4-channel-g128", .levels(bits: 4, group: 128), inPanels: true, since: 2)
    case .int4RowsGroup32:
      .init("int4-rows-g32", .levels(bits: 4, group: 32), inPanels: false, since: 2)
    case .int4RowsGroup64:
      .init("int4-rows-g64", .levels(bits: 4, group: 64), inPanels: false, since: 2)
    case .int4RowsGroup128:
      .init("int4-rows-g128", .levels(bits: 4, group: 128), inPanels: false, since: 2)
    case .int3ChannelGroup32:
      .init("int3-channel-g32", .levels(bits: 3, group: 32), inPanels: true, since: 4)
    case .int3ChannelGroup64:
      .init("int3-channel-g64", .levels(bits: 3, group: 64), inPanels: true, since: 4)
    case .int3ChannelGroup128:
      .init("int3-channel-g128", .levels(bits: 3, group: 128), inPanels: true, since: 4)
    case .int3RowsGroup32:
      .init("int3-rows-g32", .levels(bits: 3, group: 32), inPanels: false, since: 4)
    case .int3RowsGroup64:
      .init("int3-rows-g64", .levels(bits: 3, group: 64), inPanels: false, since: 4)
    case .int3RowsGroup128:
      .init("int3-rows-g128", .levels(bits: 3, group: 128), inPanels: false, since: 4)
    case .int2ChannelGroup32:
      .init("int2-channel-g32", .levels(bits: 2, group: 32), inPanels: true, since: 4)
    case .int2ChannelGroup64:
      .init("int2-channel-g64", .levels(bits: 2, group: 64), inPanels: true, since: 4)
    case .int2ChannelGroup128:
      .init("int2-channel-g128", .levels(bits: 2, group: 128), inPanels: true, since: 4)
    case .int2RowsGroup32:
      .init("int2-rows-g32", .levels(bits: 2, group: 32), inPanels: false, since: 4)
    case .int2RowsGroup64:
      .init("int2-rows-g64", .levels(bits: 2, group: 64), inPanels: false, since: 4)
    case .int2RowsGroup128:
      .init("int2-rows-g128", .levels(bits: 2, group: 128), inPanels: false, since: 4)
    }
  }
}

extension SchemeCode {
  #if !hasFeature(Embedded)
  public var name: String { "\(descriptor.name)" }

  /// The bits an element may have, fewest first.
  public static let bitChoices = Set(allCases.map(\.bits)).sorted()
  /// The columns a group may have, fewest first.
  public static let groupSizes = Set(allCases.compactMap(\.groupSize)).sorted()
  #endif
  public var storage: ElementStorage { descriptor.storage }
  public var layout: MatrixLayout { descriptor.layout }

  /// Bits an element takes, scales and group bytes not counted.
  public var bits: Int { storage.bits }

  /// What the product of such weights is made of.
  public var product: Product {
    switch storage {
    case .float32: .float32
    case .float16: .float16
    case .int8, .levels: .int8
    }
  }

  /// Consecutive columns of a row that share a group byte; `nil` for schemes without groups.
  ///
  /// The last group of a row may be shorter.
  public var groupSize: Int? {
    switch storage {
    case .float32, .float16, .int8: nil
    case .levels(_, let group): group
    }
  }

  /// One bfloat16 scale a row is stored beside the elements.
  public var hasScales: Bool {
    switch storage {
    case .float32, .float16: false
    case .int8, .levels: true
    }
  }

  /// The weights of a product, not a table or vector.
  public var hasPanels: Bool { layout != .rows }

  /// The matrix of an int8 product: integers in panels.
  public var isInteger: Bool { hasPanels && hasScales }

  /// The scheme of that storage for a product's weights (`inPanels`) or for a table; `nil` if the format
  /// has none.
  public static func scheme(_ storage: ElementStorage, inPanels: Bool) -> SchemeCode? {
    allCases.first { $0.storage == storage && $0.hasPanels == inPanels }
  }
}
