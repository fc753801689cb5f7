import { runEntry } from './bootstrap.mjs';

await runEntry('apps/local/src/migrate-main.ts', process.argv.slice(2));
