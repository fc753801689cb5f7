import { runEntry } from './bootstrap.mjs';

await runEntry('apps/local/src/main.ts', process.argv.slice(2), { envFile: true });
