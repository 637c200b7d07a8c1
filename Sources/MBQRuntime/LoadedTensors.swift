internal import CMBQKernels
import MBQCore
import MBQFormat
import MBQModel
import MBQSchemes

/// The small vectors of a model as the kernels read them: fp32, padded with zeros to 16.
///
/// The matrices, 98 % of the bytes, are used where they are in the file.
struct LoadedTensors: ~Copyable, @unchecked Sendable {
  private let floats: AlignedBuffer
  private let sums: AlignedBuffer
  /// The first float of a vector, or of the scales of a matrix.
  private let floatOffsets: [Int]
  private let sumOffsets: [Int]

  init(_ packed: PackedModel, kernels: UnsafePointer<mbq_kernel_set>) {
    var floatCount = 0
    var sumCount = 0
    var floatOffsets: [Int] = []
    var sumOffsets: [Int] = []
    for tensor in packed.header.tensors {
      floatOffsets.append(floatCount)
      sumOffsets.append(sumCount)
      if tensor.scheme.isInteger {
        floatCount += roundUp(tensor.rows, to: 16)
        sumCount += roundUp(tensor.rows, to: 16)
      } else if tensor.rows == 1 {
        floatCount += roundUp(tensor.columns, to: 16)
      }
    }
    floats = AlignedBuffer(byteCount: floatCount * 4)
    sums = AlignedBuffer(byteCount: sumCount * 4)
    self.floatOffsets = floatOffsets
    self.sumOffsets = sumOffsets
    let target = floats.pointer(to: Float.self)
    for (index, tensor) in packed.header.tensors.enumerated() {
      let place = target + floatOffsets[index]
      if tensor.scheme.isInteger {
        for row in 0..<tensor.rows { place[row] = packed.scale(tensor, row: row) }
        let size = tensor.scheme.groupSize
        kernels.pointee.column_sums(
          packed.elements(tensor).baseAddress, UInt32(tensor.columns), UInt32(tensor.rows),
          sums.pointer(to: Int32.self) + sumOffsets[index],
          size == nil
            ? nil : packed.groups(tensor).assumingMemoryBound(to: UInt8.self).baseAddress,
          UInt32(size ?? 0))
      } else if tensor.rows == 1 {
        let bytes = packed.elements(tensor)
        switch tensor.scheme {
        case .float16:
          for column in 0..<tensor.columns {
            let bits = bytes.loadUnaligned(fromByteOffset: column * 2, as: UInt16.self)
            place[column] = float(fromHalf: UInt16(littleEndian: bits))
          }
        case .float32:
          for column in 0..<tensor.columns {
            let bits = bytes.loadUnaligned(fromByteOffset: column * 4, as: UInt32.self)
            place[column] = Float(bitPattern: UInt32(littleEndian: bits))
          }
        default: break
        }
      }
    }
  }

  /// A vector, or a matrix's scales.
  func vector(_ tensor: Int) -> UnsafePointer<Float> {
    UnsafePointer(floats.pointer(to: Float.self) + floatOffsets[tensor])
  }

  func columnSums(_ tensor: Int) -> UnsafePointer<Int32> {
    UnsafePointer(sums.pointer(to: Int32.self) + sumOffsets[tensor])
  }

  var byteCount: Int { floats.bytes.count + sums.bytes.count }
}
