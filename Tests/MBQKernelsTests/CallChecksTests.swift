import MBQCore
import MBQKernels
import MBQModel
import MBQSchemes
import Testing

/// What kernels rely on without looking: a call that breaks it ends the program before they run.
@Suite("Checks of kernel calls")
struct CallChecksTests {
  /// A linear of 16 × 16 int8 zeros on memory of its own, with one thing changed.
  private static func run(
    sumsOffset: Int = 0, scratchOffset: Int = 0, scratchCount: Int? = nil, stride: Int = 16,
    inputs: Int = 16, biasCount: Int = 16, elementCount: Int = 256
  ) {
    let floats = AlignedBuffer(byteCount: 4096)
    let sums = AlignedBuffer(byteCount: 256)
    let elements = AlignedBuffer(byteCount: 256)
    let needed = KernelSet.linearScratch(.int8Channel, inputs: 16, isSmoothed: false)
    let scratch = AlignedBuffer(byteCount: needed + 64)
    let base = floats.pointer(to: Float.self)
    var matrix = KernelMatrix(
      .int8Channel, rows: 16, columns: 16,
      elements: UnsafeRawBufferPointer(rebasing: elements.bytes[..<elementCount]),
      scales: KernelVector(UnsafePointer(base + 512), count: 16))
    matrix.setColumnSums(
      UnsafePointer(
        (sums.bytes.baseAddress! + sumsOffset).assumingMemoryBound(to: Int32.self)))
    var call = LinearCall(
      input: KernelRows(base, stride: stride, width: inputs),
      output: KernelRows(base + 256, stride: 16, width: 16), rows: 1,
      scratch: UnsafeMutableRawBufferPointer(
        rebasing: scratch.bytes[scratchOffset..<(scratchOffset + (scratchCount ?? needed))]))
    call.bias = KernelVector(UnsafePointer(base + 528), count: biasCount)
    KernelSets.generic.linear(call, matrix)
  }

  @Test("what is in order runs")
  func inOrder() { Self.run() }

  @Test("column sums that are not 64-byte aligned")
  func sums() async {
    await #expect(processExitsWith: .failure) { Self.run(sumsOffset: 16) }
  }

  @Test("scratch that is not aligned, or a byte too small")
  func scratch() async {
    await #expect(processExitsWith: .failure) { Self.run(scratchOffset: 32) }
    await #expect(processExitsWith: .failure) {
      Self.run(
        scratchCount: KernelSet.linearScratch(.int8Channel, inputs: 16, isSmoothed: false) - 1)
    }
  }

  @Test("rows and vectors that do not fit the weights")
  func shapes() async {
    await #expect(processExitsWith: .failure) { Self.run(inputs: 15) }
    await #expect(processExitsWith: .failure) { Self.run(stride: 24) }
    await #expect(processExitsWith: .failure) { Self.run(biasCount: 15) }
    await #expect(processExitsWith: .failure) { Self.run(elementCount: 255) }
  }

  private static func attend(tokens: Int = 2, rows: Int = 2, size: Int = 8) {
    let floats = AlignedBuffer(byteCount: 4 << 20)
    let scratch = AlignedBuffer(
      byteCount: KernelSet.attentionScratch(tokens: max(tokens, 1), headSize: max(size, 1)))
    let all = KernelRows(floats.pointer(to: Float.self), stride: size, width: size)
    var output = all
    output.base += 1 << 19
    KernelSets.generic.attention(
      AttentionCall(
        query: all, key: all, value: all, output: output, tokens: tokens, rows: rows, scale: 1,
        scratch: scratch.bytes),
      isInteger: true)
  }

  @Test("attentions that are too long, too wide or of more rows than tokens")
  func attention() async {
    Self.attend()
    await #expect(processExitsWith: .failure) { Self.attend(tokens: 1025) }
    await #expect(processExitsWith: .failure) { Self.attend(tokens: 0, rows: 0) }
    await #expect(processExitsWith: .failure) { Self.attend(size: 257) }
    await #expect(processExitsWith: .failure) { Self.attend(rows: 3) }
  }

  /// Widens row `row` of a table of 2 × 32 int4 levels.
  private static func widen(
    _ row: Int, elementCount: Int = 32, groupCount: Int = 2, scaleCount: Int = 4
  ) {
    let bytes = AlignedBuffer(byteCount: 64)
    let floats = AlignedBuffer(byteCount: 128)
    KernelSets.generic.widen(
      KernelTable(
        .int4RowsGroup32, rows: 2, columns: 32,
        elements: UnsafeRawBufferPointer(rebasing: bytes.bytes[..<elementCount]),
        groups: UnsafeRawBufferPointer(rebasing: bytes.bytes[..<groupCount]),
        scales: UnsafeRawBufferPointer(rebasing: bytes.bytes[..<scaleCount])),
      row: row, to: floats.pointer(to: Float.self), adding: false)
  }

  @Test("tables that end early, and rows they have not got")
  func tables() async {
    Self.widen(0)
    Self.widen(1)
    await #expect(processExitsWith: .failure) { Self.widen(2) }
    await #expect(processExitsWith: .failure) { Self.widen(-1) }
    await #expect(processExitsWith: .failure) { Self.widen(0, elementCount: 31) }
    await #expect(processExitsWith: .failure) { Self.widen(0, groupCount: 1) }
    await #expect(processExitsWith: .failure) { Self.widen(0, scaleCount: 3) }
  }
}
