import MBQCore
import MBQFormat
import MBQKernels
public import MBQModel
import MBQSchemes
import MBQTokenizer

/// A packed model, ready to classify.
///
/// Immutable: any number of threads may use it, each with a `RunState` of its own.
public final class Model: Sendable {
  public let packed: PackedModel
  public let kernels: KernelSet
  public let tokenizer: WordPieceTokenizer
  let tensors: LoadedTensors
  let schedule: Schedule
  private let storage: ModelBytes

  public var labels: [String] { packed.header.labels }
  /// Whether a text has any number of labels, none included, rather than exactly one.
  public var isMultiLabel: Bool { packed.header.task == .multiLabel }
  /// How its probabilities and labels follow from logits.
  public var decision: Decision { packed.header.decision }
  /// The longest text, in tokens with the special ones.
  public var maximumTokens: Int { packed.header.maximumTokens }
  /// Token ids are below this.
  public var vocabularyCount: Int { packed.header.vocabularyCount }

  #if !hasFeature(Embedded)
  /// Maps and checks the file at `path`; nothing is unpacked.
  public convenience init(
    path: String, kernels: KernelSet = KernelSets.best
  ) throws(ModelError) {
    let file: MappedFile
    do throws(FileError) { file = try MappedFile(path: path) } catch { throw .file(error) }
    try self.init(storage: ModelBytes(mapped: file), name: path, kernels: kernels)
  }
  #endif

  /// Reads a model from memory; the bytes are copied to an aligned place.
  ///
  /// `name` is for messages.
  public convenience init(
    bytes: [UInt8], name: String = "model", kernels: KernelSet = KernelSets.best
  ) throws(ModelError) {
    try self.init(storage: ModelBytes(copying: bytes), name: name, kernels: kernels)
  }

  /// Uses bytes where they are, which must outlive the model unchanged; they are copied only if they do
  /// not start at a multiple of `AlignedBuffer.alignment`.
  public convenience init(
    borrowing bytes: UnsafeRawBufferPointer, name: String = "model",
    kernels: KernelSet = KernelSets.best
  ) throws(ModelError) {
    try self.init(storage: ModelBytes(borrowing: bytes), name: name, kernels: kernels)
  }

  private init(storage: ModelBytes, name: String, kernels: KernelSet) throws(ModelError) {
    let packed: PackedModel
    do throws(FormatError) {
      packed = try PackedModel(bytes: storage.bytes)
    } catch {
      throw .format(path: name, error)
    }
    let header = packed.header
    // The pieces' number comes first: tokens added to a vocabulary have ids but are no pieces.
    guard packed.vocabulary.count >= 4 else {
      throw .inconsistent(path: name, "the vocabulary section has no piece count")
    }
    let count = Int(UInt32(littleEndian: packed.vocabulary.loadUnaligned(as: UInt32.self)))
    do throws(TokenizerError) {
      let pieces = UnsafeRawBufferPointer(rebasing: packed.vocabulary[4...])
      let vocabulary = try Vocabulary(packed: pieces, count: count)
      let options = try TokenizerOptions(decoding: packed.tokenizerOptions)
      tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options)
    } catch {
      throw .tokenizer(path: name, error)
    }
    let highest = tokenizer.options.addedTokens.reduce(count - 1) { max($0, Int($1.id)) }
    guard highest < header.vocabularyCount else {
      throw .inconsistent(
        path: name,
        """
        the tokenizer gives ids up to \(highest), and the embedding has \(header.vocabularyCount) rows; \
        the file is altered or was not written by mbq
        """)
    }
    self.packed = packed
    self.kernels = kernels
    self.storage = storage
    tensors = LoadedTensors(packed, kernels: kernels)
    schedule = Schedule(header)
  }

  /// Bytes resident besides the file: widened vectors and sums.
  public var extraByteCount: Int { tensors.byteCount }

  /// Scratch one worker needs for any operation at any length.
  var scratchBytes: Int {
    var most = 0
    for step in packed.header.steps {
      switch step.operation {
      case .linear(let o):
        most = max(
          most,
          KernelSet.linearScratch(
            packed.header.tensors[o.weight].scheme, inputs: o.input.width,
            isSmoothed: o.smoothing != nil))
      case .attention(let o):
        let size = o.query.width / o.heads
        most = max(most, KernelSet.attentionScratch(tokens: maximumTokens, headSize: size))
      case .embed(let o): most = max(most, roundUp(o.output.width, to: 16) * 4)
      case .normalize, .pool: break
      }
    }
    return most
  }
}

/// Who owns the bytes of a model.
private final class ModelBytes: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
  private let owned: UnsafeMutableRawBufferPointer?
  #if !hasFeature(Embedded)
  private let file: MappedFile?

  init(mapped file: consuming MappedFile) {
    bytes = file.bytes
    owned = nil
    self.file = consume file
  }
  #endif

  convenience init(copying source: [UInt8]) {
    self.init(owning: source.withUnsafeBytes { Self.copy($0) }, count: source.count)
  }

  convenience init(borrowing source: UnsafeRawBufferPointer) {
    if Int(bitPattern: source.baseAddress) % AlignedBuffer.alignment == 0 {
      self.init(bytes: source, owned: nil)
    } else {
      self.init(owning: Self.copy(source), count: source.count)
    }
  }

  private convenience init(owning copy: UnsafeMutableRawBufferPointer, count: Int) {
    self.init(
      bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(copy)[..<count]), owned: copy)
  }

  private init(bytes: UnsafeRawBufferPointer, owned: UnsafeMutableRawBufferPointer?) {
    self.bytes = bytes
    self.owned = owned
    #if !hasFeature(Embedded)
    file = nil
    #endif
  }

  private static func copy(_ source: UnsafeRawBufferPointer) -> UnsafeMutableRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(source.count, 1), alignment: AlignedBuffer.alignment)
    copy.copyMemory(from: source)
    return copy
  }

  deinit { owned?.deallocate() }
}
