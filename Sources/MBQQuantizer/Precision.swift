import MBQModel
import MBQSchemes

/// What `--bits` stands for: how each kind of tensor is stored and how hidden states are multiplied.
public enum Precision: Int, Sendable, CaseIterable {
  /// fp32 throughout: the baseline.
  case float32 = 32
  /// Weights and tables in fp16, arithmetic in fp32.
  case float16 = 16
  /// Weights in int8 with a scale an output channel, tables in int8 with a scale a row, hidden states
  /// in int8 with a scale a token.
  case int8 = 8

  public var bits: Int { rawValue }

  public var summary: String {
    switch self {
    case .float32: "fp32 weights, fp32 arithmetic"
    case .float16: "fp16 weights, fp32 arithmetic"
    case .int8: "int8 weights per output channel, int8 activations per token"
    }
  }

  /// The scheme for a tensor of `role`; `largest` is its largest magnitude.
  func scheme(_ role: TensorRole, largest: Float) -> SchemeCode {
    switch (self, role) {
    case (_, .headWeight): return .float32Panels
    case (.float32, .table): return .float32
    case (.float32, .weight): return .float32Panels
    case (.float32, .vector), (.float16, .vector): return .float32
    case (.float16, .table): return fitsHalf(largest) ? .float16 : .float32
    case (.float16, .weight): return fitsHalf(largest) ? .float16Panels : .float32Panels
    case (.int8, .table): return .int8Rows
    case (.int8, .weight): return .int8Channel
    // 11 significant bits are 16 times finer than the int8 steps around them; a vector that would
    // overflow them, or lose bits at their small end, stays in fp32.
    case (.int8, .vector):
      return fitsHalf(largest) && largest >= 0x1p-6 ? .float16 : .float32
    }
  }

  private func fitsHalf(_ largest: Float) -> Bool { largest <= 32_768 }
}
