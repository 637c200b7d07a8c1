/// Whether the checksum in a file is that of its bytes.
///
/// A fuzzer cannot guess checksums and would never get past them. So in the fuzzer's build (Tests/Fuzz), and
/// in no other, every checksum is accepted.
func checksumAgrees(_ stored: UInt32, _ computed: UInt32) -> Bool {
  #if MBQ_FUZZING
  true
  #else
  stored == computed
  #endif
}
