/// Why a pickle is refused.
enum PickleProblem: FormatProblem, Equatable {
  case tooLong(limit: Int)
  case cutOff(at: Int)
  /// A class or function that is not on the list; it was not imported.
  case forbidden(global: String, at: Int)
  case opcode(UInt8, at: Int)
  case notText(at: Int)
  case protocolVersion(UInt8)
  case tooManyValues(limit: Int)
  case stack(opcode: String, at: Int)
  case memo(index: Int, at: Int)
  case call(global: String, problem: String, at: Int)
  case operand(opcode: String, found: String, needed: String, at: Int)

  private static let advice =
    "; nothing in it was executed. In Python, where you trust the file, save the weights alone:"
    + " `torch.save(model.state_dict(), \"pytorch_model.bin\")`"
  private static let damaged = "; the file is damaged or was not written by torch.save"

  var text: String {
    switch self {
    case .tooLong(let limit):
      return "has a pickle of more than \(limit) bytes, which describes no model of tensors"
        + Self.advice
    case .cutOff(let at): return "is cut off: its pickle ends at byte \(at)\(Self.damaged)"
    case .forbidden(let global, let at):
      return "has a pickle that asks for \(quoted(global)) (byte \(at)), and only tensors, plain"
        + " containers and numbers are allowed\(Self.advice)"
    case .opcode(let opcode, let at):
      if let name = PickleOpcode.refused[opcode] {
        return "has a pickle with the opcode \(name) (byte \(at)), which no file of weights"
          + " needs\(Self.advice)"
      }
      return "has a pickle with the unknown opcode \(opcode) at byte \(at)\(Self.damaged)"
    case .notText(let at):
      return "has a pickle with a text at byte \(at) that is not UTF-8\(Self.damaged)"
    case .protocolVersion(let version):
      return "has a pickle of protocol \(version), and 2 to 5 are read\(Self.advice)"
    case .tooManyValues(let limit):
      return "has a pickle of more than \(limit) values, which describes no model of tensors"
        + Self.advice
    case .stack(let opcode, let at):
      return "has a pickle whose \(opcode) at byte \(at) finds too little on the stack"
        + Self.damaged
    case .memo(let index, let at):
      return "has a pickle that asks at byte \(at) for the stored value \(index), and none was"
        + " stored\(Self.damaged)"
    case .call(let global, let problem, let at):
      return "has a pickle that calls \(quoted(global)) wrongly at byte \(at): \(problem)"
        + Self.damaged
    case .operand(let opcode, let found, let needed, let at):
      return "has a pickle whose \(opcode) at byte \(at) is given \(found), needed"
        + " \(needed)\(Self.damaged)"
    }
  }
}
