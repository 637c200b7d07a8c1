/// Why a file of torch.save is refused, besides problems of its archive or its pickle.
enum TorchProblem: FormatProblem, Equatable {
  case notTorch
  case torchScript
  case tarFile
  case gitLFSPointer
  case noPickle(found: Int)
  case byteOrder(String)
  case formatVersion(found: String)
  case noWeights(found: String)
  case key(found: String)
  case duplicate(tensor: String)
  case storage(tensor: String, problem: String)
  case view(tensor: String, problem: String)
  case legacy(String)

  var text: String {
    let damaged = "; the file is damaged or was not written by torch.save, save the model again"
    let save = "`torch.save(model.state_dict(), \"pytorch_model.bin\")`"
    switch self {
    case .notTorch:
      return "is no file of torch.save: it is neither a zip archive nor starts with torch's magic"
        + " number; save the weights with \(save)"
    case .torchScript:
      return
        "is a TorchScript program, not a file of weights; load it in Python and save the weights"
        + " with \(save)"
    case .tarFile:
      return "is a tar archive, as torch before 0.1.11 wrote them; load it in Python and save the"
        + " weights again with \(save)"
    case .gitLFSPointer:
      return
        "is a Git LFS pointer, not the weights; run `git lfs pull` in its folder, or download it"
    case .noPickle(let found):
      return "is a zip archive with \(found) entries called data.pkl, and torch.save writes"
        + " one\(damaged)"
    case .byteOrder(let found):
      return "has the byte order \(quoted(found)), allowed: little or big\(damaged)"
    case .formatVersion(let found):
      return "has the version \(found) of torch's format, and 1001 is read\(damaged)"
    case .noWeights(let found):
      return "holds no weights: found \(found); save the weights alone with \(save)"
    case .key(let found):
      return "has a tensor whose name is \(found), needed a text\(damaged)"
    case .duplicate(let tensor): return "has two tensors called \(quoted(tensor))\(damaged)"
    case .storage(let tensor, let problem):
      return "has no usable storage for tensor \(quoted(tensor)): \(problem)\(damaged)"
    case .view(let tensor, let problem):
      return "describes tensor \(quoted(tensor)) wrongly: \(problem); save it again after"
        + " `tensor.contiguous()`"
    case .legacy(let problem): return "is cut off or damaged: \(problem)\(damaged)"
    }
  }
}
