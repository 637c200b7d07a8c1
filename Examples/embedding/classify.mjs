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
  const { name, label, probabilities } = mbq.classify(text);
  console.log(`${name}\t${probabilities[label].toFixed(4)}\t${text}`);
}
