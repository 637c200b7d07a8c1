/// Finds the Hugging Face names of the tensors of a graph (Formats/onnx/onnx.md, "Names").
///
/// Exporters keep the names of most parameters. A transposed matrix has a number for a name; its real name
/// follows from the bias that is added to its product, or from the module of the node.
struct WeightNames {
  struct Named {
    var name: String
    /// The place in `ONNXGraph.tensors`.
    var tensor: Int
    var isTransposed: Bool
  }

  struct ZeroBias {
    var name: String
    var count: Int
    var elementType: ElementType
  }

  /// Every parameter, under each of its names; and the initializers without a known role, under their own
  /// names, if they have dimensions.
  private(set) var all: [Named] = []
  /// The biases that are not stored because all their values are 0.
  private(set) var zeroBiases: [ZeroBias] = []
  /// No two of `all` have one name.
  private var taken: [ExactString: Named] = [:]

  private let graph: ONNXGraph
  private let values: GraphValues
  private let modules: [String?]

  init(_ graph: ONNXGraph) {
    self.graph = graph
    values = GraphValues(graph)
    modules = graph.nodes.map(\.module)
    let linears = LinearUse.all(in: graph, values, modules: modules)
    nameParameters(linears)
    nameMatrices(linears.filter { $0.parameter == nil })
    nameByModule()
    nameRest()
    findZeroBiases(linears)
  }

  private mutating func add(_ named: Named) {
    if taken.updateValue(named, forKey: ExactString(named.name)) == nil { all.append(named) }
  }

  /// Tensors with a parameter's name, and their copies by `Identity`.
  private mutating func nameParameters(_ linears: [LinearUse]) {
    // A matrix that is multiplied as it is has a column for each output, and is transposed to have a
    // row; if it is used both ways, it stays as it is.
    var transposed: [ExactString: Bool] = [:]
    for linear in linears {
      guard let name = linear.parameter.map(ExactString.init) else { continue }
      transposed[name] = linear.isTransposed && transposed[name] ?? true
    }
    for (place, tensor) in graph.tensors.enumerated() where ParameterName.isOne(tensor.name) {
      add(
        Named(
          name: tensor.name, tensor: place,
          isTransposed: transposed[ExactString(tensor.name)] ?? false))
    }
    for alias in values.aliases {
      add(
        Named(
          name: alias.name, tensor: alias.view.tensor,
          isTransposed: transposed[ExactString(alias.name)] ?? alias.view.isTransposed))
    }
  }

  /// Matrices without a name: by the bias of the product; by the module, if there is no bias, or
  /// several matrices would get one name, as happens if equal biases were stored once.
  private mutating func nameMatrices(_ linears: [LinearUse]) {
    var claims = Claims()
    for named in all { claims.add(named) }
    for linear in linears {
      if let name = linear.nameByBias { claims.add(linear.named(name)) }
    }
    var byModule = Claims()
    var chosen: [Named] = []
    for linear in linears {
      if let name = linear.nameByBias, claims.isSingle(name) {
        chosen.append(linear.named(name))
      } else if let name = linear.nameByModule {
        byModule.add(linear.named(name))
        chosen.append(linear.named(name))
      }
    }
    for named in chosen where byModule.isSingleOrNone(named.name) { add(named) }
  }

  /// Embeddings, norms and biases that have no name, or one that belongs to another module because
  /// equal tensors were stored once.
  private mutating func nameByModule() {
    let uses = ModuleUse.all(in: graph, values, modules: modules)
    var homes: [ExactString: String] = [:]
    var shared: Set<ExactString> = []
    for use in uses {
      guard let parameter = use.parameter.map(ExactString.init) else { continue }
      if homes.updateValue(use.module, forKey: parameter) ?? use.module != use.module {
        shared.insert(parameter)
      }
    }
    var claims = Claims()
    let wanting = uses.filter { use in
      use.parameter.map { shared.contains(ExactString($0)) } ?? true
    }
    for use in wanting { claims.add(use.named) }
    for use in wanting where claims.isSingle(use.name) { add(use.named) }
  }

  /// A single number without a name is a constant of the arithmetic.
  private mutating func nameRest() {
    let found = Set(all.map(\.tensor))
    for place in 0..<graph.initializerCount
    where !found.contains(place) && !graph.tensors[place].shape.isEmpty {
      add(Named(name: graph.tensors[place].name, tensor: place, isTransposed: false))
    }
  }
}

extension WeightNames {
  private mutating func findZeroBiases(_ linears: [LinearUse]) {
    var seen: Set<ExactString> = []
    for linear in linears where linear.omitsBias {
      let tensor = graph.tensors[linear.tensor]
      guard let weight = linear.parameter ?? linear.nameByModule, weight.hasSuffix(".weight"),
        // So that there are never more zeros than stored values.
        tensor.byteCount > 0
      else { continue }
      let name = String(weight.dropLast(6)) + "bias"
      guard taken[ExactString(name)] == nil, seen.insert(ExactString(name)).inserted else {
        continue
      }
      zeroBiases.append(
        ZeroBias(
          name: name, count: tensor.shape[linear.isTransposed ? 1 : 0],
          elementType: tensor.elementType))
    }
  }
}

/// The claims of tensors to names.
private struct Claims {
  private struct Claim {
    var tensor: Int
    var isTransposed: Bool
    var isSingle = true
  }

  private var claims: [ExactString: Claim] = [:]

  mutating func add(_ named: WeightNames.Named) {
    let new = Claim(tensor: named.tensor, isTransposed: named.isTransposed)
    guard let old = claims[ExactString(named.name)] else {
      claims[ExactString(named.name)] = new
      return
    }
    if old.tensor != new.tensor || old.isTransposed != new.isTransposed {
      claims[ExactString(named.name)]?.isSingle = false
    }
  }

  /// Whether exactly one tensor claims the name.
  func isSingle(_ name: String) -> Bool { claims[ExactString(name)]?.isSingle ?? false }

  func isSingleOrNone(_ name: String) -> Bool { claims[ExactString(name)]?.isSingle ?? true }
}
