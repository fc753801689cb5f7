import { runEntry } from './bootstrap.mjs';

await runEntry('tests/chaos/src/main.ts', process.argv.slice(2));
