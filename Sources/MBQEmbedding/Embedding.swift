// The C API of include/mbq.h, which says what each function does and who owns what.

import MBQCore
import MBQFormat
import MBQKernels
import MBQModel
import MBQRuntime
import MBQTokenizer

/// An open model and its strings as C reads them.
final class OpenModel {
  let model: Model
  let labels: [CText]

  init(_ model: Model) {
    self.model = model
    labels = model.labels.map { CText($0) }
  }
}

/// One caller's state, and what its last call had to say.
final class Session {
  let open: OpenModel
  let state: RunState
  var ids: [UInt32] = []
  var message = CText("" as Message)

  init(_ open: OpenModel) {
    self.open = open
    state = RunState(model: open.model)
  }

  /// Runs a call; what it throws becomes its code and the session's message.
  func call(_ body: () throws(ModelError) -> Int) -> Int32 {
    do throws(ModelError) {
      let result = try body()
      message = CText("" as Message)
      return Int32(result)
    } catch {
      message = CText(error.message)
      return -error.kind.rawValue
    }
  }

  func fail(_ kind: FailureKind, _ text: Message) -> Int32 {
    message = CText(text)
    return -kind.rawValue
  }
}

private func opened(_ handle: UnsafeRawPointer) -> OpenModel {
  Unmanaged<OpenModel>.fromOpaque(handle).takeUnretainedValue()
}

private func session(_ handle: UnsafeRawPointer) -> Session {
  Unmanaged<Session>.fromOpaque(handle).takeUnretainedValue()
}

private func utf8(_ text: UnsafePointer<UInt8>, _ length: Int) -> UnsafeBufferPointer<UInt8> {
  UnsafeBufferPointer(start: text, count: length)
}

// MARK: Models

@_cdecl("mbq_kernel_set")
public func mbqKernelSet(_ index: UInt32) -> UnsafePointer<CChar>? {
  index < UInt32(KernelSets.runnable.count) ? KernelSets.runnable[Int(index)].cName : nil
}

@_cdecl("mbq_open")
public func mbqOpen(
  _ bytes: UnsafeRawPointer, _ count: Int, _ kernels: UnsafePointer<CChar>?,
  _ message: UnsafeMutablePointer<CChar>?, _ room: Int
) -> UnsafeMutableRawPointer? {
  var set = KernelSets.best
  if let kernels {
    guard let named = KernelSets.runnable.first(where: { isSame($0.cName, kernels) }) else {
      var refusal: Message = "there are no kernels of that name here; there are "
      for (index, set) in KernelSets.runnable.enumerated() {
        refusal.append(index == 0 ? "\(cString: set.cName)" : ", \(cString: set.cName)")
      }
      CText(refusal).copy(to: message, room)
      return nil
    }
    set = named
  }
  do throws(ModelError) {
    let model = try Model(
      borrowing: UnsafeRawBufferPointer(start: bytes, count: count), kernels: set)
    return Unmanaged.passRetained(OpenModel(model)).toOpaque()
  } catch {
    CText(error.message).copy(to: message, room)
    return nil
  }
}

@_cdecl("mbq_close")
public func mbqClose(_ model: UnsafeMutableRawPointer) {
  Unmanaged<OpenModel>.fromOpaque(model).release()
}

@_cdecl("mbq_label_count")
public func mbqLabelCount(_ model: UnsafeRawPointer) -> UInt32 {
  UInt32(opened(model).labels.count)
}

@_cdecl("mbq_label")
public func mbqLabel(_ model: UnsafeRawPointer, _ index: UInt32) -> UnsafePointer<CChar>? {
  let labels = opened(model).labels
  return index < UInt32(labels.count) ? labels[Int(index)].start : nil
}

@_cdecl("mbq_is_multi_label")
public func mbqIsMultiLabel(_ model: UnsafeRawPointer) -> UInt32 {
  opened(model).model.isMultiLabel ? 1 : 0
}

@_cdecl("mbq_maximum_tokens")
public func mbqMaximumTokens(_ model: UnsafeRawPointer) -> UInt32 {
  UInt32(opened(model).model.maximumTokens)
}

@_cdecl("mbq_temperature")
public func mbqTemperature(_ model: UnsafeRawPointer) -> Float {
  opened(model).model.decision.temperature
}

@_cdecl("mbq_threshold")
public func mbqThreshold(_ model: UnsafeRawPointer) -> Float {
  opened(model).model.decision.threshold
}

@_cdecl("mbq_kernels")
public func mbqKernels(_ model: UnsafeRawPointer) -> UnsafePointer<CChar> {
  opened(model).model.kernels.cName
}

// MARK: Sessions

@_cdecl("mbq_session_open")
public func mbqSessionOpen(_ model: UnsafeRawPointer) -> UnsafeMutableRawPointer {
  Unmanaged.passRetained(Session(opened(model))).toOpaque()
}

@_cdecl("mbq_session_close")
public func mbqSessionClose(_ handle: UnsafeMutableRawPointer) {
  Unmanaged<Session>.fromOpaque(handle).release()
}

@_cdecl("mbq_classify")
public func mbqClassify(
  _ handle: UnsafeRawPointer, _ text: UnsafePointer<UInt8>, _ length: Int,
  _ logits: UnsafeMutablePointer<Float>?, _ probabilities: UnsafeMutablePointer<Float>?
) -> Int32 {
  let session = session(handle)
  return session.call { () throws(ModelError) -> Int in
    let model = session.open.model
    let summary = model.tokenizer.encode(
      utf8(text, length), limit: model.maximumTokens, countsAll: false, into: &session.ids)
    let said = Classification(
      logits: try session.state.logits([session.ids]), tokenCount: session.ids.count,
      isTruncated: summary.isTruncated, isMultiLabel: model.isMultiLabel, decision: model.decision)
    for label in 0..<said.logits.count {
      if let logits { logits[label] = said.logits[label] }
      if let probabilities { probabilities[label] = said.probabilities[label] }
    }
    return said.label
  }
}

@_cdecl("mbq_tokenize")
public func mbqTokenize(
  _ handle: UnsafeRawPointer, _ text: UnsafePointer<UInt8>, _ length: Int,
  _ ids: UnsafeMutablePointer<UInt32>, _ capacity: UInt32
) -> Int32 {
  let session = session(handle)
  guard capacity >= 2 else {
    return session.fail(
      .usage, "a text has at least 2 tokens, [CLS] and [SEP]; there is room for \(capacity)")
  }
  return session.call { () throws(ModelError) -> Int in
    let model = session.open.model
    _ = model.tokenizer.encode(
      utf8(text, length), limit: min(model.maximumTokens, Int(capacity)), countsAll: false,
      into: &session.ids)
    for index in session.ids.indices { ids[index] = session.ids[index] }
    return session.ids.count
  }
}

@_cdecl("mbq_logits")
public func mbqLogits(
  _ handle: UnsafeRawPointer, _ ids: UnsafePointer<UInt32>, _ lengths: UnsafePointer<UInt32>,
  _ texts: UInt32, _ logits: UnsafeMutablePointer<Float>
) -> Int32 {
  let session = session(handle)
  return session.call { () throws(ModelError) -> Int in
    var batch: [[UInt32]] = []
    var start = 0
    for text in 0..<Int(texts) {
      let length = Int(lengths[text])
      batch.append(Array(UnsafeBufferPointer(start: ids + start, count: length)))
      start += length
    }
    let result = try session.state.logits(batch)
    for index in result.indices { logits[index] = result[index] }
    return 0
  }
}

@_cdecl("mbq_verify")
public func mbqVerify(_ handle: UnsafeRawPointer) -> Int32 {
  let session = session(handle)
  let model = session.open.model
  let goldens = model.packed.header.goldens
  guard !goldens.isEmpty else {
    return session.fail(.checkFailed, "the model holds no golden vectors to compare with")
  }
  for (index, golden) in goldens.enumerated() {
    if model.tokens(of: golden.text, limit: model.maximumTokens).ids != golden.tokens {
      return session.fail(.checkFailed, "stored text \(index + 1) gets other token ids here")
    }
    var same = false
    let code = session.call { () throws(ModelError) -> Int in
      let logits = try session.state.logits([golden.tokens])
      same = logits.map { $0.bitPattern } == golden.logitBits
      return 0
    }
    if code < 0 { return code }
    if !same {
      return session.fail(.checkFailed, "stored text \(index + 1) gets other logits here")
    }
  }
  return session.call { () throws(ModelError) -> Int in goldens.count }
}

@_cdecl("mbq_error")
public func mbqError(_ handle: UnsafeRawPointer) -> UnsafePointer<CChar> {
  session(handle).message.start
}
