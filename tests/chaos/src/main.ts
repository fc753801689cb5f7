import { parseChaosOptions } from './chaos-options.ts';
import { chaosSummary } from './chaos-summary.ts';
import { isClean, runChaos } from './run-chaos.ts';
import { writeArtefacts } from './write-artefacts.ts';

const options = parseChaosOptions(process.argv.slice(2), () => 1 + Math.floor(Math.random() * 2 ** 31));
const startedAtMs = Date.now();
console.log(`seed ${options.seed}, queue on ${options.backend}, ${options.posts} posts in ${options.minutes} minutes`);
const run = await runChaos(options, (line) =>
  console.log(`${Math.round((Date.now() - startedAtMs) / 1000)} s  ${line}`),
);
console.log(`\n${chaosSummary(options, run)}`);
console.log(`\nhistory          ${await writeArtefacts(options.seed, run)}`);
process.exit(isClean(run) ? 0 : 1);
