// Between JSON and lines of text.
//
// bits.mjs < `mbq classify --json`: ROW LABEL TOKENS BITS... as classify.c prints them, without the digest.
// bits.mjs --decision < `mbq inspect --json`: the model's temperature and threshold, as classify.c prints them.
// bits.mjs --texts COUNT < golden.jsonl: COUNT of the texts, one a line.

import { readFileSync } from 'node:fs';

const hex = (floats) => [...new Uint32Array(Float32Array.from(floats).buffer)]
  .map((x) => x.toString(16).padStart(8, '0'));
if (process.argv[2] === '--decision') {
  const { temperature = 1, threshold = 0.5 } = JSON.parse(readFileSync(0, 'utf8')).facts;
  console.log('decision', ...hex([temperature, threshold]));
  process.exit();
}
const objects = readFileSync(0, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
if (process.argv[2] === '--texts') {
  const texts = objects.map((object) => object.text.replace(/[\r\n]+/g, ' '));
  const step = Math.max(1, Math.floor(texts.length / Number(process.argv[3])));
  console.log(texts.filter((_, index) => index % step === 0).slice(0, Number(process.argv[3])).join('\n'));
} else {
  objects.forEach(({ label, tokens, logits }, index) => {
    console.log(index + 1, label, tokens, ...hex(logits));
  });
}
