/// A stored matrix that a node multiplies with: the weight of a linear.
struct LinearUse {
  var tensor: Int
  /// Whether the tensor has a column for each output, so that the weight is its transpose.
  var isTransposed: Bool
  /// The parameter's name if the value has one.
  var parameter: String?
  var nameByBias: String?
  var nameByModule: String?
  /// Whether the product has no bias: an optimizer has removed a bias of zeros.
  var omitsBias = false

  func named(_ name: String) -> WeightNames.Named {
    .init(name: name, tensor: tensor, isTransposed: isTransposed)
  }

  static func all(
    in graph: ONNXGraph, _ values: GraphValues, modules: [String?]
  ) -> [LinearUse] {
    let biases = BiasFinder(graph, values)
    var uses: [LinearUse] = []
    for (place, node) in graph.nodes.enumerated() where node.isStandard && node.input.count >= 2 {
      guard node.opType == "MatMul" || node.opType == "Gemm", let view = values[node.input[1]],
        graph.tensors[view.tensor].shape.count == 2
      else { continue }
      var hasColumnPerOutput = !view.isTransposed
      var bias = node.output.first.flatMap(biases.bias(of:))
      var omitsBias = false
      if node.opType == "Gemm" {
        // The product must be the weight's alone.
        if let alpha = node.attribute("alpha"), alpha.f != 1 { continue }
        if let flag = node.attribute("transB"), flag.i != 0 { hasColumnPerOutput.toggle() }
        if node.input.count > 2, let own = values[node.input[2]]?.parameter { bias = own }
        omitsBias = bias == nil && (node.input.count < 3 || node.input[2].isEmpty)
      }
      uses.append(
        LinearUse(
          tensor: view.tensor, isTransposed: hasColumnPerOutput, parameter: view.parameter,
          nameByBias: bias.flatMap(ParameterName.weight(besideBias:)),
          nameByModule: modules[place].map { $0 + ".weight" }, omitsBias: omitsBias))
    }
    return uses
  }
}

/// Finds the parameter that is added to a product.
private struct BiasFinder {
  private let graph: ONNXGraph
  private let values: GraphValues
  /// The first node that adds something to a value, or passes it on, by the value's name.
  private var users: [ExactString: Int] = [:]

  init(_ graph: ONNXGraph, _ values: GraphValues) {
    self.graph = graph
    self.values = values
    for (place, node) in graph.nodes.enumerated() where node.isStandard {
      guard ["Add", "Cast", "Identity"].contains(node.opType) else { continue }
      for input in node.input.prefix(2) where users[ExactString(input)] == nil {
        users[ExactString(input)] = place
      }
    }
  }

  func bias(of product: String) -> String? {
    var value = product
    // One node that passes the product on is seen in practice.
    for _ in 0..<4 {
      guard let node = users[ExactString(value)].map({ graph.nodes[$0] }) else { return nil }
      if node.opType == "Add" {
        for input in node.input {
          if let view = values[input], graph.tensors[view.tensor].shape.count == 1 {
            return view.parameter
          }
        }
        return nil
      }
      guard let output = node.output.first else { return nil }
      value = output
    }
    return nil
  }
}

/// A stored tensor that a node of a known module uses as one of the module's parameters.
struct ModuleUse {
  var tensor: Int
  /// The parameter's name that the value has; not always one of this module.
  var parameter: String?
  var module: String
  /// The name of it in this module.
  var name: String

  var named: WeightNames.Named { .init(name: name, tensor: tensor, isTransposed: false) }

  static func all(
    in graph: ONNXGraph, _ values: GraphValues, modules: [String?]
  ) -> [ModuleUse] {
    var uses: [ModuleUse] = []
    for (place, node) in graph.nodes.enumerated() where node.isStandard {
      guard let module = modules[place] else { continue }
      for (input, name, rank) in parameters(of: node.opType) where input < node.input.count {
        guard let view = values[node.input[input]], !view.isTransposed else { continue }
        let shape = graph.tensors[view.tensor].shape
        // A single number is a constant of the arithmetic.
        guard shape.count == rank, shape != [1] else { continue }
        uses.append(
          ModuleUse(
            tensor: view.tensor, parameter: view.parameter, module: module,
            name: "\(module).\(name)"))
      }
    }
    return uses
  }

  /// Which inputs are parameters, what they are called, and of how many dimensions they are.
  private static func parameters(
    of operation: String
  ) -> [(input: Int, name: String, rank: Int)] {
    switch operation {
    case "Add": [(0, "bias", 1), (1, "bias", 1)]
    case "Mul": [(0, "weight", 1), (1, "weight", 1)]
    case "LayerNormalization": [(1, "weight", 1), (2, "bias", 1)]
    case "Gemm": [(2, "bias", 1)]
    case "Gather": [(0, "weight", 2)]
    default: []
    }
  }
}
