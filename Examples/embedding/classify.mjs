// node classify.mjs mbq.wasm MODEL.mbq TEXT...

import { readFileSync } from 'node:fs';
import { MBQ } from './mbq.mjs';

const [wasm, model, ...texts] = process.argv.slice(2);
if (texts.length === 0) {
  console.error('usage: node classify.mjs mbq.wasm MODEL.mbq TEXT...');
  process.exit(2);
}
const mbq = new MBQ(readFileSync(wasm), readFileSync(model));
for (const text of texts) {
  const { given, probabilities } = mbq.classify(text);
  const names = given.map((label) => mbq.labels[label]).join() || '-';
  const shares = given.map((label) => probabilities[label].toFixed(4)).join() || '-';
  console.log(`${names}\t${shares}\t${text}`);
}
