// node kernels.mjs kernels.wasm: prints the lines of kernels_main.c for the module's kernel sets.

import { readFileSync } from 'node:fs';

const c = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(process.argv[2]))).exports;
for (let index = 0; ; index++) {
  const at = c.kernels_report(index);
  const bytes = new Uint8Array(c.memory.buffer, at);
  const text = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  if (!text) break;
  process.stdout.write(text);
}
