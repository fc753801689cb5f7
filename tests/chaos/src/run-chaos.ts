import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { type ChaosOptions } from './chaos-options.ts';
import { type ChaosSystem, startChaosSystem } from './chaos-system.ts';
import { checkHistory, type Violation } from './check-history.ts';
import { runStops } from './emergency-stops.ts';
import { findFaketimeLibrary } from './find-faketime-library.ts';
import { findUnwell } from './find-unwell.ts';
import type { FaultRecord, FinalPost, History, Operation, StopRecord } from './history.ts';
import { pausesMs, runNemesis } from './nemesis.ts';
import { createOrganization, type Organization, type Reconnects } from './organizations.ts';
import { chaosPlatforms } from './product-environment.ts';
import { readPosts } from './read-posts.ts';
import { createSeededRandom } from './seeded-random.ts';
import { runWorkload } from './workload.ts';

export interface ChaosRun {
  readonly history: History;
  readonly violations: readonly Violation[];
  /** Process ends that nobody asked for, by process. */
  readonly crashes: Readonly<Record<string, number>>;
  /** Processes that do not say that they are well although nothing disturbs them any more. */
  readonly unwell: readonly string[];
  readonly quietAfterMs: number;
  readonly reconnects: Reconnects;
  /** What each process wrote. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** Nothing violated, no process ended by itself, and all are well. */
export function isClean({ violations, crashes, unwell }: Pick<ChaosRun, 'violations' | 'crashes' | 'unwell'>): boolean {
  return violations.length === 0 && Object.keys(crashes).length === 0 && unwell.length === 0;
}

const organizationCount = 4;
/** Of an organization. More in a run of many posts: a platform is not searched without end for a post of an account that has hundreds since. */
const accountsFor = (posts: number) => Math.max(4, Math.ceil(posts / 1_000));
const freezeMaxMs = { short: 15_000, long: 60_000 };
const longFromMinutes = 10;
const reconnectEveryMs = 1_000;
const faultsTimeoutMs = 3_600_000;
/** Reconciliations and retries that the last faults left behind take a while. */
const quiescenceMs = 300_000;

/** One run: a system of its own, clients, faults, healing, and the verdict. */
export async function runChaos(options: ChaosOptions, log: (line: string) => void): Promise<ChaosRun> {
  const random = createSeededRandom(options.seed);
  const faketimeLibrary = await findFaketimeLibrary();
  if (faketimeLibrary === null) log('libfaketime is not installed: clocks are left alone');
  await using system = await startChaosSystem({
    backend: options.backend,
    apis: 2,
    publishers: 4,
    crons: 2,
    env: {},
    without: options.without,
  });
  for (const platform of chaosPlatforms) await system.sandbox.scaleLimits(platform, 1000);
  const organizations = await Promise.all(
    Array.from({ length: organizationCount }, (_, index) =>
      createOrganization({
        name: `org${index + 1}`,
        origins: system.apis,
        sandbox: system.sandbox,
        addresses: system,
        accountsPerPlatform: accountsFor(options.posts),
      }),
    ),
  );
  log(
    `the system is up: ${system.slots.length} processes, ${organizations.flatMap(({ accounts }) => accounts).length} accounts`,
  );

  const operations: Operation[] = [];
  const faults: FaultRecord[] = [];
  const calm = new AbortController();
  const length = options.minutes >= longFromMinutes ? 'long' : 'short';
  const nemesis = runNemesis(
    { system, faketimeLibrary, random: random.fork('nemesis'), freezeMaxMs: freezeMaxMs[length] },
    pausesMs[length],
    (fault) => faults.push(fault),
    calm.signal,
  );
  const stops: StopRecord[] = [];
  const stopping = runStops(organizations, random.fork('stops'), (stop) => stops.push(stop), calm.signal);
  const attentive = new AbortController();
  const reconnecting = keepConnected(organizations, attentive.signal);
  const progress = setInterval(
    () => log(`${operations.filter(({ kind }) => kind === 'create').length} posts, ${faults.length} faults`),
    15_000,
  );
  await runWorkload({
    organizations,
    random: random.fork('workload'),
    prefix: `s${options.seed}`,
    posts: options.posts,
    durationMs: options.minutes * 60_000,
    record: (operation) => operations.push(operation),
  });
  await waitFor(() => faults.length >= options.faults, {
    timeoutMs: faultsTimeoutMs,
    describe: () => `${options.faults} faults (${faults.length} so far)`,
  });
  calm.abort();
  await nemesis;
  clearInterval(progress);
  const calmAtMs = Date.now();
  log('the faults are over; waiting until everything has ended');
  await heal(system);
  await stopping;
  const isQuiet = await waitUntilQuiet(organizations);
  const quietAfterMs = Date.now() - calmAtMs;
  attentive.abort();
  const reconnects = await reconnecting;
  const unwell = await findUnwell(system.slots);
  if (!isQuiet) log(`not everything ended within ${quiescenceMs} ms`);

  // Whatever a publisher still has in hand comes out while it drains.
  await Promise.all(system.slots.filter(({ app }) => app === 'publisher').map((slot) => slot.stop()));
  const { lines: visible, commits } = await system.sandbox.visible();
  const posts: FinalPost[] = (await Promise.all(organizations.map(readPosts))).flat();
  const history = {
    accounts: organizations.flatMap(({ accounts }) => accounts),
    operations,
    stops,
    faults,
    visible,
    commits,
    posts,
  };
  return {
    history,
    violations: checkHistory(history),
    crashes: Object.fromEntries(
      system.slots.filter((slot) => slot.crashes() > 0).map((slot) => [slot.name, slot.crashes()]),
    ),
    unwell,
    quietAfterMs,
    reconnects,
    outputs: new Map(system.slots.map((slot) => [slot.name, slot.output()])),
  };
}

async function keepConnected(organizations: readonly Organization[], signal: AbortSignal): Promise<Reconnects> {
  let connected = 0;
  const failures: string[] = [];
  // Each for itself: an organization that gets no answer does not keep the others waiting.
  const attend = async (organization: Organization) => {
    while (!signal.aborted) {
      const turn = await organization
        .reconnect()
        .catch((error: unknown) => ({ connected: 0, failures: [String(error)] }));
      connected += turn.connected;
      failures.push(...turn.failures);
      await delay(reconnectEveryMs, undefined, { signal }).catch(() => undefined);
    }
  };
  await Promise.all(organizations.map(attend));
  return { connected, failures };
}

async function heal(system: ChaosSystem): Promise<void> {
  await system.sandbox.clearFaults();
  for (const proxy of system.proxies.values()) await proxy.set('pass');
  await Promise.all(system.slots.map((slot) => slot.ready()));
}

interface SchedulerStats {
  readonly scheduled: number;
  readonly publishing: number;
  readonly waiting: number;
  readonly retrying: number;
}

async function waitUntilQuiet(organizations: readonly Organization[]): Promise<boolean> {
  const openIn = async ({ client }: Organization) => {
    const stats = await client.read<SchedulerStats>('GET', '/posts/scheduler/stats');
    return stats.scheduled + stats.publishing + stats.waiting + stats.retrying;
  };
  return waitFor(async () => (await Promise.all(organizations.map(openIn))).every((open) => open === 0), {
    timeoutMs: quiescenceMs,
    intervalMs: 500,
    describe: 'every publication has ended',
  }).catch(() => false);
}
