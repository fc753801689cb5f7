import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyLines } from './history.ts';
import type { ChaosRun } from './run-chaos.ts';

/** Keeps what a failed run leaves to be read: the history, the verdict and what each process wrote. Answers where. */
export async function writeArtefacts(seed: number, run: ChaosRun): Promise<string> {
  const folder = join(tmpdir(), `vibetribe-chaos-${seed}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'history.jsonl'), historyLines(run.history));
  await writeFile(join(folder, 'stored.jsonl'), run.stored.map((each) => `${JSON.stringify(each)}\n`).join(''));
  await writeFile(join(folder, 'violations.json'), JSON.stringify(run.violations, null, 2));
  await writeFile(
    join(folder, 'failed-reconnects.txt'),
    run.reconnects.failures.map((failure) => `${failure}\n`).join(''),
  );
  for (const [name, output] of run.outputs) await writeFile(join(folder, `${name}.log`), output);
  return folder;
}
