import { runEntry } from './bootstrap.mjs';

await runEntry('apps/migrate/src/rotate-keys/main.ts', process.argv.slice(2), { envFile: true });
