import { expect, test } from 'vitest';
import { type ChaosOptions, chaosDefaults } from './chaos-options.ts';
import type { Backend } from './chaos-system.ts';
import { chaosSummary } from './chaos-summary.ts';
import { isClean, runChaos } from './run-chaos.ts';
import { writeArtefacts } from './write-artefacts.ts';

const seed = Number(process.env['TEST_SEED'] ?? 1);
const both = ['postgres', 'redis'] as const;
const isFull = process.env['TEST_FULL'] === '1';
/** Both in the full run; otherwise the seed decides. */
const backends: readonly Backend[] = isFull ? both : both.filter((_, index) => index === seed % 2);
/** What every run can afford; the short profile itself is for the full one. */
const size = isFull ? chaosDefaults : { posts: 200, minutes: 0.35, faults: 60 };

test.each(backends)(
  'under chaos nothing is lost, sent twice, early, invented or stuck (%s)',
  { timeout: 1_800_000 },
  async (backend) => {
    const options: ChaosOptions = { ...size, seed, backend, platforms: 'stand-in', without: [] };
    const run = await runChaos(options, () => undefined);
    console.log(chaosSummary(options, run));
    const { violations, crashes, unwell } = run;
    if (!isClean(run)) console.log(`history: ${await writeArtefacts(seed, run)}`);
    expect(violations).toEqual([]);
    expect(crashes).toEqual({});
    expect(unwell).toEqual([]);
  },
);
