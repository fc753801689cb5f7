import { runEntry } from './bootstrap.mjs';

await runEntry('tests/chaos/src/live/main.ts', process.argv.slice(2));
