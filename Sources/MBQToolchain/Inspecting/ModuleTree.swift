import MBQReport

/// A checkpoint's tensors as the tree of modules that own them, as a notebook prints a model: equal
/// neighbours that differ only in their number are shown once.
struct ModuleTree {
  private final class Node {
    var children: [(name: String, node: Node)] = []
    private var places: [String: Int] = [:]
    var leaf: String?
    var parameters = 0

    func child(_ name: String) -> Node {
      if let place = places[name] { return children[place].node }
      places[name] = children.count
      let node = Node()
      children.append((name, node))
      return node
    }

    /// Equal for subtrees that look alike.
    var signature: String {
      if let leaf { return leaf }
      return "(" + children.map { "\($0.name):\($0.node.signature)" }.joined(separator: ",") + ")"
    }
  }

  private let root = Node()

  /// `leaf` describes the tensor, such as its shape and type.
  mutating func add(_ name: String, leaf: String, parameters: Int) {
    var node = root
    node.parameters += parameters
    // A model nests some ten modules; a stranger's name may have any number of dots and any characters.
    for part in name.split(separator: ".", maxSplits: 15) {
      node = node.child(DisplayText.clean(String(part), limit: 200))
      node.parameters += parameters
    }
    node.leaf = leaf
  }

  var text: String {
    var lines: [String] = []
    print(root, indent: 0, into: &lines)
    return lines.joined(separator: "\n")
  }

  private func print(_ node: Node, indent: Int, into lines: inout [String]) {
    var index = 0
    let children = node.children.sorted { order($0.name, $1.name) }
    while index < children.count {
      let (name, child) = children[index]
      var last = index
      if Int(name) != nil, child.leaf == nil {
        let signature = child.signature
        while last + 1 < children.count, Int(children[last + 1].name) != nil,
          children[last + 1].node.signature == signature
        {
          last += 1
        }
      }
      let pad = String(repeating: "  ", count: indent)
      if let leaf = child.leaf {
        lines.append("\(pad)\(name): \(leaf)")
      } else {
        let count = last - index + 1
        let label = count > 1 ? "\(name)-\(children[last].name) (\(count) times)" : name
        lines.append(
          "\(pad)\(label): \(Human.count(child.parameters)) parameters\(count > 1 ? " each" : "")")
        print(child, indent: indent + 1, into: &lines)
      }
      index = last + 1
    }
  }

  /// Numbers by value, names as they are written.
  private func order(_ a: String, _ b: String) -> Bool {
    if let x = Int(a), let y = Int(b) { return x < y }
    return a < b
  }
}
