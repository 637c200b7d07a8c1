/// The start of the text in a file: after a UTF-8 byte order mark, if there is one.
///
/// `opening` has the first four bytes of the file, or all of a shorter one. Refuses bytes that are
/// clearly not UTF-8 text (`DatasetError.notText`).
func textStart(of opening: [UInt8], file: String) throws(DatasetError) -> Int {
  if opening.starts(with: [0xEF, 0xBB, 0xBF]) { return 3 }
  if opening == [0xFF, 0xFE, 0, 0] || opening == [0, 0, 0xFE, 0xFF] {
    throw .notText(
      file: file, found: "text in UTF-32", advice: "save it as UTF-8 (iconv -f UTF-32 -t UTF-8)")
  }
  // Without a mark: two letters with a zero beside each.
  let zeros = opening.map { $0 == 0 }
  if opening.starts(with: [0xFF, 0xFE]) || opening.starts(with: [0xFE, 0xFF])
    || zeros == [false, true, false, true] || zeros == [true, false, true, false]
  {
    throw .notText(
      file: file, found: "text in UTF-16", advice: "save it as UTF-8 (iconv -f UTF-16 -t UTF-8)")
  }
  if opening.starts(with: gzipMagic) {
    // Readers get inflated bytes, so this file was compressed twice.
    throw .notText(file: file, found: "compressed with gzip", advice: "unpack it with gunzip")
  }
  if opening == [0x50, 0x4B, 0x03, 0x04] {
    throw .notText(
      file: file, found: "a ZIP archive or an Excel workbook",
      advice: "unpack it, or save the sheet as CSV in UTF-8")
  }
  if opening == Array("PAR1".utf8) {
    throw .notText(
      file: file, found: "a Parquet file", advice: "convert it to CSV (pandas: to_csv)")
  }
  return 0
}

/// The first bytes of a gzip file.
let gzipMagic: [UInt8] = [0x1F, 0x8B]
