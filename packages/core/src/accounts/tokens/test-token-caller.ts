import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { sleep } from '@vibetribe/resilience/sleep';
import { getValidToken, type ValidToken } from './get-valid-token.ts';
import { type AccountsPlace, openTestCore } from '../test-accounts.ts';

/** What the test hands this process as its first argument. */
export interface CallerTask {
  readonly place: AccountsPlace;
  readonly grantIds: readonly string[];
  readonly callers: number;
}

/** One more process of the product: says `ready`, waits for a line, then asks for every grant's token by several callers, and tells the answers. */
export async function runTokenCaller(
  task: CallerTask,
  streams: { readonly stdin: NodeJS.ReadableStream; readonly stdout: NodeJS.WritableStream },
): Promise<void> {
  await using opening = new AsyncDisposableStack();
  const core = openTestCore(opening, task.place, { write: () => undefined });
  await core.db.ping();
  streams.stdout.write('ready\n');
  const lines = createInterface(streams.stdin);
  await once(lines, 'line');
  lines.close();
  const answers = await Promise.all(Array.from({ length: task.callers }, () => askForAll(core, task.grantIds)));
  streams.stdout.write(`${JSON.stringify(answers.flat())}\n`);
}

async function askForAll(core: Parameters<typeof getValidToken>[0], grantIds: readonly string[]): Promise<string[]> {
  const kinds: string[] = [];
  for (const grantId of grantIds) kinds.push((await askUntilSettled(core, grantId)).kind);
  return kinds;
}

async function askUntilSettled(core: Parameters<typeof getValidToken>[0], grantId: string): Promise<ValidToken> {
  for (;;) {
    const token = await getValidToken(core, grantId);
    if (token.kind === 'valid' || token.kind === 'dead') return token;
    await sleep(50);
  }
}
