// The C API (Sources/MBQEmbedding/include/mbq.h) as a class, for Node and browsers. Nothing is imported by
// the module, so `new WebAssembly.Instance` is all it takes.

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class MBQ {
  #c; // the module's exports
  #model;
  #session;
  #file; // the model's bytes, which it keeps reading

  /** `wasm`: the bytes of mbq.wasm. `model`: those of an .mbq file. `kernels`: a set's name, or undefined. */
  constructor(wasm, model, kernels) {
    this.#c = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports;
    this.#file = this.#put(model);
    const name = kernels === undefined ? 0 : this.#put(encoder.encode(kernels + '\0'));
    const room = 400;
    const message = this.#room(room);
    this.#model = this.#c.mbq_open(this.#file, model.length, name, message, room);
    const why = this.#string(message);
    this.#c.mbq_free(message);
    this.#c.mbq_free(name);
    if (!this.#model) throw new Error(why);
    this.#session = this.#c.mbq_session_open(this.#model);
    this.labels = [];
    for (let i = 0; i < this.#c.mbq_label_count(this.#model); i++) {
      this.labels.push(this.#string(this.#c.mbq_label(this.#model, i)));
    }
    /** A text has any number of labels, none included, rather than exactly one. */
    this.isMultiLabel = this.#c.mbq_is_multi_label(this.#model) === 1;
    this.maximumTokens = this.#c.mbq_maximum_tokens(this.#model);
    /** What logits are divided by before the softmax, and the probability from which on the second of two
     *  labels is given: 1 and 0.5 unless the model was tuned. */
    this.temperature = this.#c.mbq_temperature(this.#model);
    this.threshold = this.#c.mbq_threshold(this.#model);
    this.kernels = this.#string(this.#c.mbq_kernels(this.#model));
  }

  /**
   * Text as a string, or as bytes of UTF-8. `label` is the index of the largest logit, or of what the
   * threshold says, and `name` its name; `given` the indices of the labels the text has, which is that one unless the model is multi-label.
   */
  classify(text) {
    const bytes = typeof text === 'string' ? encoder.encode(text) : text;
    const count = this.labels.length;
    const at = this.#put(bytes);
    const numbers = this.#room(count * 8);
    const label = this.#c.mbq_classify(this.#session, at, bytes.length, numbers, numbers + count * 4);
    const floats = new Float32Array(this.#c.memory.buffer, numbers, count * 2).slice();
    this.#c.mbq_free(at);
    this.#c.mbq_free(numbers);
    this.#check(label);
    const logits = floats.slice(0, count);
    const given = this.isMultiLabel ? [...logits.keys()].filter((i) => logits[i] > 0) : [label];
    return { label, name: this.labels[label], given, logits, probabilities: floats.slice(count) };
  }

  /** The ids of a text, cut to `capacity` of them. */
  tokenize(text, capacity = this.maximumTokens) {
    const bytes = typeof text === 'string' ? encoder.encode(text) : text;
    const at = this.#put(bytes);
    const room = this.#room(capacity * 4);
    const count = this.#c.mbq_tokenize(this.#session, at, bytes.length, room, capacity);
    const ids = new Uint32Array(this.#c.memory.buffer, room, Math.max(count, 0)).slice();
    this.#c.mbq_free(at);
    this.#c.mbq_free(room);
    this.#check(count);
    return ids;
  }

  /** The logits (texts, labels) of texts given as ids. */
  logits(texts) {
    const ids = this.#put(Uint32Array.from(texts.flatMap((text) => [...text])));
    const lengths = this.#put(Uint32Array.from(texts, (text) => text.length));
    const count = texts.length * this.labels.length;
    const room = this.#room(count * 4);
    const code = this.#c.mbq_logits(this.#session, ids, lengths, texts.length, room);
    const logits = new Float32Array(this.#c.memory.buffer, room, count).slice();
    for (const memory of [ids, lengths, room]) this.#c.mbq_free(memory);
    this.#check(code);
    return logits;
  }

  /** How many stored texts give their stored answers here; throws if one does not. */
  verify() {
    return this.#check(this.#c.mbq_verify(this.#session));
  }

  close() {
    this.#c.mbq_session_close(this.#session);
    this.#c.mbq_close(this.#model);
    this.#c.mbq_free(this.#file);
  }

  /** The names of the kernel sets, best first. */
  static kernelSets(wasm) {
    const c = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports;
    const names = [];
    for (let at; (at = c.mbq_kernel_set(names.length)); ) names.push(string(c, at));
    return names;
  }

  #check(code) {
    if (code >= 0) return code;
    throw Object.assign(new Error(this.#string(this.#c.mbq_error(this.#session))), { code });
  }

  #room(count) {
    const at = this.#c.mbq_allocate(count);
    if (!at) throw new Error(`no room for ${count} bytes`);
    return at;
  }

  #put(array) {
    const at = this.#room(array.byteLength);
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    new Uint8Array(this.#c.memory.buffer).set(bytes, at);
    return at;
  }

  #string(at) {
    return string(this.#c, at);
  }
}

function string(c, at) {
  const bytes = new Uint8Array(c.memory.buffer, at);
  return decoder.decode(bytes.subarray(0, bytes.indexOf(0)));
}
