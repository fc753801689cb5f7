import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { adapterAccountOf, readGrant } from '../grants/read-grant.ts';
import { openCredentials } from '../grants/seal-credentials.ts';
import { type AccountsHarness, createAccountsHarness } from '../test-accounts.ts';
import { type CallerTask, runTokenCaller } from './test-token-caller.ts';

let harness: AccountsHarness;
beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

test('fifty grants that end in the same minute, four callers in two processes, every fifth token request failing: one refresh each', async () => {
  const actor = await harness.addOrganization();
  const grantIds: string[] = [];
  for (let index = 0; index < 50; index += 1)
    grantIds.push((await harness.addXAccount(actor, `racer${index}`, 60_000)).grantId);
  const random = seeded(20_261_122);
  harness.x.fault = () => (random() < 0.2 ? { status: 500 } : null);

  const task = { place: harness.place, grantIds, callers: 2 };
  const processes = await Promise.all([startCaller(task), startCaller(task)]);
  const answers = await Promise.all(processes.map((caller) => caller.run()));

  expect(answers.flat()).toEqual(Array(200).fill('valid'));
  const refreshes = grantIds.map((_, index) => harness.x.grants.get(`racer${index}`)?.refreshes);
  expect(refreshes).toEqual(Array(50).fill(1));
  expect(harness.x.tokenCalls()).toBeGreaterThan(50);
  const [state] = await harness.sql('select count(*) filter (where dead_at is not null)::int as dead from grants');
  expect(state).toEqual({ dead: 0 });
  expect(await harness.sql(`select 1 from accounts where status <> 'active'`)).toEqual([]);
}, 90_000);

test('without the lease the same refresh token is used twice and the grant dies: what the lease is for', async () => {
  const actor = await harness.addOrganization();
  harness.x.fault = () => null;
  const { grantId } = await harness.addXAccount(actor, 'unprotected', -1);
  const grant = await harness.core.db.asWorker((tx) => readGrant(tx, grantId));
  if (grant === null) throw new Error('no grant');
  const refreshUnprotected = () =>
    harness.core.adapters.x.refresh?.refresh({
      endpoints: harness.core.endpoints('x'),
      http: harness.core.platformHttp('x', { timeoutMs: 5_000 }),
      account: adapterAccountOf(grant),
      credentials: openCredentials(harness.core.keyRing, grant, grant.sealedCredentials),
      now: new Date(),
    });
  const outcomes = await Promise.allSettled([refreshUnprotected(), refreshUnprotected()]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(harness.x.grants.get('unprotected')).toMatchObject({ refreshes: 1, isDead: true });
});

async function startCaller(task: CallerTask) {
  const module = new URL('./test-token-caller.ts', import.meta.url).href;
  const code = `import { ${runTokenCaller.name} as run } from '${module}'; await run(JSON.parse(process.argv[1]), process);`;
  const args = ['--input-type=module', '--eval', code, JSON.stringify(task)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await Promise.race([
    lines.next(),
    once(child, 'exit').then(() => Promise.reject(new Error('the caller ended before it was ready'))),
  ]);
  return {
    async run(): Promise<string[]> {
      child.stdin.write('go\n');
      const { value } = await lines.next();
      await once(child, 'exit');
      return JSON.parse(String(value)) as string[];
    },
  };
}

/** A small generator (mulberry32): the same faults in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
