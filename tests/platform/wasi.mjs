// node wasi.mjs PROGRAM [ARGUMENT...]: a WebAssembly program of WASI in this folder, with this environment and its
// parent folder ("../shared"); its exit status is ours.
import { WASI } from 'node:wasi';
import { readFileSync } from 'node:fs';

const [program, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: [program, ...args], env: process.env, preopens: { '.': '.', '..': '..' }, returnOnExit: true });
const { instance } = await WebAssembly.instantiate(readFileSync(program), wasi.getImportObject());
process.exitCode = wasi.start(instance);
