import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("Values where they lie in a file")
struct TensorViewTests {
  private func view(
    _ values: [Float], _ shape: [Int], strides: [Int]? = nil, offset: Int = 0
  ) throws -> TensorView {
    let bytes = values.withUnsafeBytes(Array.init)
    let source = SourceFile(path: "x", memory: OwnedBytes(bytes))
    return try #require(
      TensorView(
        StoredTensor(
          name: "w", elementType: .float32, shape: shape, strides: strides,
          range: (offset * 4)..<bytes.count, source: source)))
  }

  @Test("strided matrices of every size up to three tiles are read in the order of their indices")
  func strided() throws {
    for rows in [1, 2, 31, 32, 33, 65] {
      for columns in [1, 3, 32, 40, 97] {
        let values = (0..<(rows * columns)).map(Float.init)
        let transposed = try view(values, [columns, rows], strides: [1, columns]).floats()
        for column in 0..<columns {
          for row in 0..<rows {
            #expect(transposed[column * rows + row] == Float(row * columns + column))
          }
        }
      }
    }
  }

  @Test("four dimensions in any order")
  func permuted() throws {
    let values = (0..<120).map(Float.init)
    // (2, 3, 4, 5) seen as (4, 2, 5, 3).
    let found = try view(values, [4, 2, 5, 3], strides: [5, 60, 1, 20]).floats()
    var index = 0
    for c in 0..<4 {
      for a in 0..<2 {
        for d in 0..<5 {
          for b in 0..<3 {
            #expect(found[index] == Float(a * 60 + b * 20 + c * 5 + d))
            index += 1
          }
        }
      }
    }
  }

  @Test(
    "dimensions without gaps between them are one, and of those that remain there are four at most")
  func manyDimensions() throws {
    let values = (0..<64).map(Float.init)
    // Rows of 8 taken in reverse order of the three bits of their number.
    let bits = [2, 2, 2]
    let found = try view(
      values, [1] + bits + [2, 4, 1], strides: [7, 8, 16, 32, 4, 1, 9]
    ).floats()
    for index in found.indices {
      let row = index / 8
      let reversed = (row & 1) << 2 | row & 2 | row >> 2
      #expect(found[index] == Float(reversed * 8 + index % 8))
    }
    let source = SourceFile(path: "x", memory: OwnedBytes([UInt8](repeating: 0, count: 256)))
    let strides = (0..<6).map { 1 << $0 }
    #expect(
      TensorView(
        StoredTensor(
          name: "w", elementType: .float32, shape: [2, 2, 2, 2, 2, 2], strides: strides,
          range: 0..<256, source: source)) == nil)
  }

  @Test("values that are not finite are found behind strides, and where a double is too large")
  func notFinite() throws {
    var values = (0..<12).map(Float.init)
    values[7] = .nan
    let tensor = try view(values, [4, 3], strides: [1, 4])
    let found = try #require(tensor.nonFiniteValues())
    #expect(found.count == 1)
    // Element 7 is in row 3 of column 1.
    #expect(tensor.indices(ofElement: found.first) == [3, 1])
    let doubles = [1.0, 1e300].withUnsafeBytes(Array.init)
    let wide = try #require(
      TensorView(
        StoredTensor(
          name: "w", elementType: .float64, shape: [2], range: 0..<16,
          source: SourceFile(path: "x", memory: OwnedBytes(doubles)))))
    #expect(wide.nonFiniteValues()?.first == 1)
  }

  @Test("strides of a tensor without gaps are none")
  func normalized() {
    #expect(StoredTensor.normalized(strides: [12, 4, 1], shape: [2, 3, 4]) == nil)
    #expect(StoredTensor.normalized(strides: [99, 4, 1], shape: [1, 3, 4]) == nil)
    #expect(StoredTensor.normalized(strides: [1, 2, 6], shape: [2, 3, 4]) == [1, 2, 6])
    #expect(StoredTensor.normalized(strides: [1, 1], shape: [0, 4]) == nil)
    #expect(StoredTensor.normalized(strides: [], shape: []) == nil)
  }
}
