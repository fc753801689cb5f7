import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { SpawnedApp } from '@vibetribe/testkit/spawn-app';
import { waitFor } from '@vibetribe/testkit/wait-for';
import type { Violation } from './violation.ts';
import { type FailpointCase, type LossMeans, lossMeans } from './failpoint-cases.ts';
import type { Lab, LabPost } from './lab.ts';

export interface CaseEnd {
  readonly status: string;
  readonly violations: readonly Violation[];
}

const reachTimeoutMs = 120_000;
const endTimeoutMs = 180_000;
/** How long a frozen publisher stays so at most: several leases, as one that holds a lock keeps the others from ending the post. */
const frozenMsMax = 15_000;

/** A publisher reaches the failpoint on its way with one post; whatever becomes of it, another one or itself brings the post to its end. */
export async function runFailpointCase(lab: Lab, { name, action }: FailpointCase, platform: string): Promise<CaseEnd> {
  await using ending = new AsyncDisposableStack();
  const means = lossMeans[name];
  const control = ending.use(
    await startLossControl(() => (means === undefined ? Promise.resolve() : loseNext(lab, means, platform))),
  );
  const prepared = await prepare(lab, name, platform);
  ending.defer(prepared.undo);
  const victim = ending.use(
    await lab.startPublisher({ failpoints: [...prepared.failpoints, `${name}=${action}`], controlUrl: control.url }),
  );
  const post = await lab.schedule(platform);
  await waitFor(() => hasReached(victim, name), {
    timeoutMs: reachTimeoutMs,
    describe: () => `${name} is reached:\n${victim.output()}`,
  });
  if (action === 'kill') await victim.stopped;
  if (action === 'kill' || action === 'freeze') ending.use(await lab.startPublisher());
  if (action === 'freeze') {
    await endedWithin(lab, post, frozenMsMax);
    victim.kill('SIGCONT');
  }
  const status = await lab.ended(post, endTimeoutMs);
  // What a publisher still has in hand comes out while it drains.
  await ending.disposeAsync();
  return { status, violations: await lab.check(post) };
}

/** What brings a publisher to this failpoint, beside a post that is due. */
async function prepare(
  lab: Lab,
  name: FailpointCase['name'],
  platform: string,
): Promise<{ failpoints: string[]; undo: () => Promise<void> }> {
  const nothing = () => Promise.resolve();
  const account = lab.organization.accounts.find((each) => each.platform === platform);
  if (name.startsWith('reconcile:')) {
    // The send's outcome is unknown: it did its work and answered with a fault.
    const fault = await lab.sandbox.addFault({
      kind: 'error-after',
      platform,
      account: account?.externalId,
      method: 'POST',
      times: 1,
    });
    return { failpoints: [], undo: () => lab.sandbox.removeFault(fault) };
  }
  if (name.startsWith('token:')) {
    await lab.sql(
      `update grants set expires_at = now() + interval '1 minute' where id = (select grant_id from accounts where id = $1)`,
      [account?.accountId],
    );
  }
  // A claim that nobody goes on with runs out, and is swept up.
  if (name === 'sweep:before_commit') return { failpoints: ['claim:after_commit=throw'], undo: nothing };
  return { failpoints: [], undo: nothing };
}

async function loseNext(lab: Lab, means: LossMeans, platform: string): Promise<void> {
  if (means.kind === 'statement') return lab.database.loseAnswerTo(means.text);
  const account = lab.organization.accounts.find((each) => each.platform === platform);
  await lab.sandbox.addFault({
    kind: 'reset-after',
    platform,
    account: account?.externalId,
    method: means.method,
    times: 1,
  });
}

async function startLossControl(lose: () => Promise<void>): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((_request, response) => {
    lose().then(
      () => response.writeHead(204).end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await Promise.resolve();
    },
  };
}

function hasReached(victim: SpawnedApp, name: string): boolean {
  return victim.output().includes(`{"msg":"failpoint","name":"${name}"`);
}

async function endedWithin(lab: Lab, post: LabPost, timeoutMs: number): Promise<void> {
  await lab.ended(post, timeoutMs).catch(() => 'not yet');
}
