import MBQCore
import MBQFormat
import MBQModel
import MBQSchemes

extension PackedWriter {
  static func configuration(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    writer.u32(header.maximumTokens)
    writer.u32(header.vocabularyCount)
    writer.u32(header.plan.batchWidth)
    writer.u32(header.plan.tileWidth)
    writer.u16(Int(header.activations.rawValue))
    writer.u16(Int(header.task.rawValue))
    PackedModel.write(header.logits, into: &writer)
    writer.u32(0)
    if header.decision != Decision() {
      writer.f32(header.decision.temperature)
      writer.f32(header.decision.threshold)
    }
    return writer.bytes
  }

  static func labels(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    writer.u32(header.labels.count)
    for label in header.labels { writer.text(label) }
    return writer.bytes
  }

  static func buffers(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    for (buffer, slot) in zip(header.buffers, header.plan.slots) {
      writer.u32(buffer.width)
      writer.u32(slot.offset)
      writer.u8(Int(buffer.rows.rawValue))
      writer.u8(Int(slot.place.rawValue))
      writer.u16(0)
      writer.u32(0)
    }
    return writer.bytes
  }

  static func operations(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    for step in header.steps { PackedModel.record(step, into: &writer) }
    return writer.bytes
  }

  static func tensors(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    for tensor in header.tensors {
      writer.u16(Int(tensor.scheme.rawValue))
      writer.u16(0)
      writer.u32(tensor.rows)
      writer.u32(tensor.columns)
      writer.u32(0)
      writer.u64(tensor.offset)
      writer.u64(tensor.scalesOffset)
    }
    return writer.bytes
  }

  static func goldens(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    writer.u32(header.goldens.count)
    for golden in header.goldens {
      writer.text(golden.text)
      writer.u32(golden.tokens.count)
      for token in golden.tokens { writer.u32(Int(token)) }
      writer.u32(golden.logitBits.count)
      for bits in golden.logitBits { writer.u32(Int(bits)) }
    }
    return writer.bytes
  }
}
