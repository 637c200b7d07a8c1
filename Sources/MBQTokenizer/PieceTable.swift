import MBQCore

/// Owns a table of pieces by their bytes; `view` searches it.
///
/// An open-addressing hash table. Pieces of up to eight bytes, four fifths of a usual vocabulary, are
/// their own key, so nothing else is read to compare them; longer ones have a 64-bit hash as the key
/// and are compared byte for byte. A second table answers, from the first four bytes, which lengths can
/// occur at all, so that the search for the longest piece tries few lengths. (A trie would need one
/// pass but a dependent memory access for every byte, and far more memory or time to build.)
final class PieceTable: @unchecked Sendable {
  /// Valid while the table lives.
  let view: PieceView

  private let entries: AlignedBuffer
  private let filter: AlignedBuffer
  private let bytes: AlignedBuffer
  private let offsets: AlignedBuffer
  private let longLengths: AlignedBuffer

  /// A table of the pieces `bytes[offsets[id]..<offsets[id + 1]]`, at least one.
  ///
  /// The later of two equal pieces is the one that is found, and an empty one is never found, as in
  /// Hugging Face's vocabularies. With `continues`, pieces that begin with `##` are for later positions
  /// in a word. Refuses, with `.crowdedVocabulary`, pieces that collide under each of several hash
  /// functions. Takes time linear in the bytes whatever the pieces are.
  init(bytes pieceBytes: [UInt8], offsets pieceOffsets: [UInt32], continues: Bool)
    throws(TokenizerError)
  {
    let count = pieceOffsets.count - 1
    let slotBits = Self.bits(for: 2 * count)
    let filterBits = max(6, min(14, Self.bits(for: count)))
    // Reads of eight bytes may go beyond the last piece.
    let bytes = AlignedBuffer(byteCount: pieceBytes.count + 8)
    pieceBytes.withUnsafeBytes { bytes.bytes.copyMemory(from: $0) }
    let offsets = AlignedBuffer(byteCount: pieceOffsets.count * 4)
    pieceOffsets.withUnsafeBytes { offsets.bytes.copyMemory(from: $0) }
    let entries = AlignedBuffer(byteCount: MemoryLayout<PieceView.Entry>.stride << slotBits)
    let filter = AlignedBuffer(byteCount: 4 << filterBits)

    var longest = 0
    for id in 0..<count { longest = max(longest, Int(pieceOffsets[id + 1] - pieceOffsets[id])) }
    var occurs = [Bool](repeating: false, count: longest + 1)
    for id in 0..<count {
      let length = Int(pieceOffsets[id + 1] - pieceOffsets[id])
      occurs[length] = true
      if continues, length > 2 { occurs[length - 2] = true }
    }
    var lengths: [UInt32] = []
    for length in stride(from: longest, through: Int(PieceView.longLength), by: -1)
    where occurs[length] {
      lengths.append(UInt32(length))
    }
    let longLengths = AlignedBuffer(byteCount: 4 * lengths.count)
    let list = longLengths.pointer(to: UInt32.self)
    for (index, length) in lengths.enumerated() { list[index] = length }

    var view: PieceView?
    var obstacle = 0
    for multiplier in Self.multipliers {
      let candidate = PieceView(
        count: count, entries: entries.pointer(to: PieceView.Entry.self), slotBits: slotBits,
        multiplier: multiplier, filter: filter.pointer(to: UInt32.self), filterBits: filterBits,
        bytes: bytes.pointer(to: UInt8.self), offsets: offsets.pointer(to: UInt32.self),
        longLengths: list, longLengthCount: lengths.count)
      guard let failed = candidate.fill(continues: continues) else {
        view = candidate
        break
      }
      obstacle = failed
      entries.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }
    guard let view else { throw .crowdedVocabulary(id: obstacle) }
    self.view = view
    self.entries = entries
    self.filter = filter
    self.bytes = bytes
    self.offsets = offsets
    self.longLengths = longLengths
  }

  /// How many bits number `count` places, at least one.
  private static func bits(for count: Int) -> Int {
    Int.bitWidth - max(count - 1, 1).leadingZeroBitCount
  }

  /// Odd, with their ones spread; the first serves every vocabulary but one made to defeat it.
  private static var multipliers: [UInt64] {
    [0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F, 0xD6E8_FEB8_6659_FD93, 0xFF51_AFD7_ED55_8CCD]
  }
}

extension PieceView {
  /// More collisions than this in one place end an attempt; a usual vocabulary has at most about 20.
  private static var longestProbe: Int { 256 }

  /// Enters all pieces into empty tables; returns the first piece without a place, if there is one.
  fileprivate func fill(continues: Bool) -> Int? {
    for id in 0..<count {
      var piece = bytes + Int(offsets[id])
      var length = Int(offsets[id + 1] - offsets[id])
      var position = Position.first
      if continues, length > 2, piece[0] == 0x23, piece[1] == 0x23 {
        piece += 2
        length -= 2
        position = .later
      }
      if length == 0 { continue }
      let end = piece + length + 8
      let shape = Self.shape(length, position)
      let key = Self.key(piece, length, end)
      var slot = self.slot(key, shape)
      var probes = 0
      while entries[slot].shape != 0, !matches(entries[slot], key, shape, piece, length) {
        slot = (slot + 1) & slotMask
        probes += 1
        if probes > Self.longestProbe { return id }
      }
      entries[slot] = Entry(key: key, id: UInt32(id), shape: shape)
      if length >= 4 {
        filter[filterPlace(Self.load(piece, end), position)] |= 1 << UInt32(min(length, 31))
      }
    }
    return nil
  }
}
