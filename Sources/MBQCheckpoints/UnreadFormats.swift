/// Common formats of checkpoints that mbq does not read, so that the error can say how to convert them.
///
/// A reader for one of them replaces its line here.
enum UnreadFormats {
  struct Format: Sendable {
    var name: String
    /// The names of its files in a Hugging Face folder.
    var fileNames: [String]
    /// The first bytes of its files; empty if they are not characteristic.
    var firstBytes: [UInt8] = []
    var advice: String
  }

  private static let load = "MobileBertForSequenceClassification.from_pretrained(dir"
  private static let save = ".save_pretrained(dir, safe_serialization=True)"

  static let all: [Format] = [
    Format(
      name: "TensorFlow (Keras)", fileNames: ["tf_model.h5"],
      firstBytes: [0x89] + Array("HDF\r\n".utf8),
      advice: "convert it in Python (transformers 4): `\(load), from_tf=True)\(save)`"),
    Format(
      name: "a TensorFlow SavedModel", fileNames: ["saved_model.pb"],
      advice:
        "convert it in Python (transformers 4): `\(load), from_tf=True)\(save)`, or name the index"
        + " of a checkpoint of its training"),
    Format(
      name: "Flax", fileNames: ["flax_model.msgpack"],
      advice: "convert it in Python (transformers 4): `\(load), from_flax=True)\(save)`"),
    Format(
      name: "an adapter (PEFT)", fileNames: ["adapter_model.safetensors", "adapter_model.bin"],
      advice: "merge it into its base model in Python: `model.merge_and_unload()\(save)`"),
  ]
}
