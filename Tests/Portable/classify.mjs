// node classify.mjs mbq.wasm MODEL TEXTS: prints for wasm what classify.c prints elsewhere.

import { readFileSync } from 'node:fs';
import { MBQ } from '../../Examples/embedding/mbq.mjs';

const [wasmPath, modelPath, textsPath] = process.argv.slice(2);
const [wasm, file, texts] = [wasmPath, modelPath, textsPath].map((path) => readFileSync(path));

/** The code and text of what a call throws. */
function failure(call) {
  try {
    call();
  } catch (error) {
    return `${error.code ?? 1} ${error.message}`;
  }
  return '0';
}

function digest(ids) {
  let hash = 2166136261;
  for (const id of ids) hash = Math.imul(hash ^ id, 16777619);
  return hex(hash);
}
const hex = (x) => (x >>> 0).toString(16).padStart(8, '0');
const bits = (floats) => [...new Uint32Array(floats.buffer, floats.byteOffset, floats.length)];

for (const set of MBQ.kernelSets(wasm)) {
  const say = (...words) => console.log(set, ...words);
  const mbq = new MBQ(wasm, file, set);
  say('verify', mbq.verify(), '');
  say('decision', ...bits(Float32Array.of(mbq.temperature, mbq.threshold)).map(hex));
  let [batch, alone, differences, number] = [[], [], 0, 0];
  for (let start = 0, end; start < texts.length; start = end + 1) {
    end = texts.indexOf(10, start);
    if (end < 0) end = texts.length;
    const line = texts.subarray(start, end);
    const { name, logits } = mbq.classify(line);
    const ids = mbq.tokenize(line);
    say(++number, name, ids.length, digest(ids), bits(logits).map(hex).join(' '));
    batch.push(ids);
    alone.push(...bits(logits));
    if (batch.length === 7 || end + 1 >= texts.length) {
      const together = bits(mbq.logits(batch));
      differences += together.some((x, i) => x !== alone[i]) ? 1 : 0;
      [batch, alone] = [[], []];
    }
  }
  say('batches-that-differ', differences);
  say('no-room', failure(() => mbq.tokenize('a', 1)));
  say('no-tokens', failure(() => mbq.logits([[]])));
  say('no-such-token', failure(() => mbq.logits([[0xffffffff]])));
  mbq.close();
  say('cut', failure(() => new MBQ(wasm, file.subarray(0, file.length - 1), set)));
  say('no-such-set', failure(() => new MBQ(wasm, file, 'abacus')).slice(0, 1));
}
