import { runEntry } from './bootstrap.mjs';

await runEntry('bench/src/main.ts', process.argv.slice(2));
