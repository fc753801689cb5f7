import { waitFor } from '@vibetribe/testkit/wait-for';
import { attend, disconnectAccounts, postByHand } from './attentive-people.ts';
import type { ChaosOptions } from './chaos-options.ts';
import { type ChaosSystem, startChaosSystem } from './chaos-system.ts';
import { checkHistory } from './check-history.ts';
import type { Violation } from './violation.ts';
import { runStops } from './emergency-stops.ts';
import { findFaketimeLibrary } from './find-faketime-library.ts';
import { findUnwell } from './find-unwell.ts';
import type {
  AccountPeriod,
  FaultRecord,
  FinalPost,
  History,
  Operation,
  OperatorCancel,
  StopRecord,
  VisiblePost,
} from './history.ts';
import { pausesMs, runNemesis } from './nemesis.ts';
import { operate } from './operator.ts';
import { createOrganization, type Organization, type Reconnects, type WantedAccount } from './organizations.ts';
import { chaosPlatforms, furtherPlatforms, shortTimes } from './product-environment.ts';
import { readPosts } from './read-posts.ts';
import { createSeededRandom } from './seeded-random.ts';
import { mastodonServers, strictSuffix } from './stand-in/start-stand-in.ts';
import { checkRuns } from './trace/check-runs.ts';
import { readStoredHistories, type StoredHistory } from './trace/stored-history.ts';
import { uploadMedia } from './upload-media.ts';
import { runWorkload } from './workload.ts';

export interface ChaosRun {
  readonly history: History;
  readonly violations: readonly Violation[];
  /** What the product's database holds of each publication. */
  readonly stored: readonly StoredHistory[];
  /** Process ends that nobody asked for, by process. */
  readonly crashes: Readonly<Record<string, number>>;
  /** Processes that do not say that they are well although nothing disturbs them any more. */
  readonly unwell: readonly string[];
  readonly quietAfterMs: number;
  readonly reconnects: Reconnects;
  /** Stops that the service had made itself, and that the operator lifted. */
  readonly liftedStops: number;
  /** What each process wrote. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** Nothing violated, no process ended by itself, and all are well. */
export function isClean({ violations, crashes, unwell }: Pick<ChaosRun, 'violations' | 'crashes' | 'unwell'>): boolean {
  return violations.length === 0 && Object.keys(crashes).length === 0 && unwell.length === 0;
}

const organizationCount = 4;
/** Of an organization, on all hosts. More in a run of many posts: a platform is not searched without end for a post of an account that has hundreds since. */
const accountsFor = (posts: number) => Math.max(12, Math.ceil((posts * 3) / 1_000));
const freezeMaxMs = { short: 15_000, long: 60_000 };
const databaseClockMaxSeconds = { short: 10, long: 90 };
const longFromMinutes = 10;
/** The database goes back in time only in runs that leave an operator the time to compare. */
const rewindsFromMinutes = 1;
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
    platforms: options.platforms,
    apis: 2,
    publishers: 4,
    crons: 2,
    env: {},
    without: options.without,
  });
  for (const platform of [...chaosPlatforms, ...furtherPlatforms]) await system.sandbox.scaleLimits(platform, 1000);
  const organizations = await Promise.all(
    Array.from({ length: organizationCount }, (_, index) =>
      createOrganization({
        name: `org${index + 1}`,
        origins: system.apis,
        accounts: wantedAccounts(system, index, accountsFor(options.posts)),
      }),
    ),
  );
  const accounts = organizations.flatMap((organization) => organization.accounts);
  const admin = await createOrganization({ name: 'operator', origins: system.apis, accounts: [] });
  await system.postgres.sql(`update users set service_admin = true where email = 'operator@example.com'`);
  const media = await uploadMedia(organizations);
  log(`the system is up: ${system.slots.length} processes, ${accounts.length} accounts`);

  const operations: Operation[] = [];
  const faults: FaultRecord[] = [];
  const disconnects: AccountPeriod[] = [];
  const stops: StopRecord[] = [];
  const operatorCancels: OperatorCancel[] = [];
  let createdCount = 0;
  let isWorkOver = false;
  const record = (operation: Operation) => {
    operations.push(operation);
    if (operation.kind === 'create') createdCount += 1;
  };
  const calm = new AbortController();
  const length = options.minutes >= longFromMinutes ? 'long' : 'short';
  const nemesis = runNemesis(
    {
      system,
      faketimeLibrary,
      random: random.fork('nemesis'),
      freezeMaxMs: freezeMaxMs[length],
      databaseClockMaxSeconds: databaseClockMaxSeconds[length],
      rewinds: options.minutes >= rewindsFromMinutes,
    },
    {
      pauses: pausesMs[length],
      allowance: () => (length === 'short' || isWorkOver ? Infinity : spreadOver(options, createdCount)),
      record: (fault) => faults.push(fault),
    },
    calm.signal,
  );
  const busy = Promise.all([
    runStops(organizations, random.fork('stops'), (stop) => stops.push(stop), calm.signal),
    disconnectAccounts(organizations, random.fork('disconnects'), (period) => disconnects.push(period), calm.signal),
    postByHand({ hosts: system.hosts, accounts, random: random.fork('hands'), operations }, calm.signal),
  ]);
  const attentive = new AbortController();
  const people = { organizations, standIn: system.standIn, random: random.fork('people'), record };
  const attending = attend(people, attentive.signal);
  const operating = operate(
    {
      postgres: system.postgres,
      organizations,
      admin,
      visible: async () => (await readVisible(system)).lines,
      record: (canceled) => void operatorCancels.push(canceled),
    },
    attentive.signal,
  );
  const progress = setInterval(() => log(`${createdCount} posts, ${faults.length} faults`), 15_000);
  await runWorkload({
    organizations,
    media,
    twinHosts: system.standIn === null ? [] : ['x', ...Object.keys(mastodonServers)],
    random: random.fork('workload'),
    prefix: `s${options.seed}`,
    posts: options.posts,
    durationMs: options.minutes * 60_000,
    record,
  });
  isWorkOver = true;
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
  await busy;
  const isQuiet = await waitUntilQuiet(organizations);
  const quietAfterMs = Date.now() - calmAtMs;
  attentive.abort();
  const reconnects = await attending;
  const liftedStops = await operating;
  const unwell = await findUnwell(system.slots);
  if (!isQuiet) log(`not everything ended within ${quiescenceMs} ms`);

  // Whatever a publisher still has in hand comes out while it drains.
  await Promise.all(system.slots.filter(({ app }) => app === 'publisher').map((slot) => slot.stop()));
  const { lines, commits } = await readVisible(system);
  const posts: FinalPost[] = (await Promise.all(organizations.map(readPosts))).flat();
  const stored = await readStoredHistories(system.postgres);
  const history = {
    accounts,
    operations,
    stops,
    faults,
    disconnects,
    clockPeriods: system.postgres.clockPeriods(),
    rewinds: system.postgres.rewinds(),
    operatorCancels,
    requests: system.standIn?.requests() ?? null,
    foreignStops: (await system.postgres.sql('select reason from pauses where lifted_at is null')).map(({ reason }) =>
      String(reason),
    ),
    visible: lines,
    commits,
    posts,
  };
  for (const [name, { unknownRoutes }] of system.standIn?.sites ?? [])
    if (unknownRoutes.length > 0) log(`${name} does not know ${[...new Set(unknownRoutes)].join(', ')}`);
  return {
    history,
    stored,
    violations: [...checkHistory(history), ...checkRuns(stored, retryDelaysMs)],
    crashes: Object.fromEntries(
      system.slots.filter((slot) => slot.crashes() > 0).map((slot) => [slot.name, slot.crashes()]),
    ),
    unwell,
    quietAfterMs,
    reconnects,
    liftedStops,
    outputs: new Map(system.slots.map((slot) => [slot.name, slot.output()])),
  };
}

const retryDelaysMs = shortTimes.PUBLISH_RETRY_DELAYS_MS.split(',').map(Number);

/**
 * As many on each host. The first on each site of the stand-in is shared by two organizations, and the last on its X is one of which X
 * refuses an equal text.
 */
function wantedAccounts({ hosts }: Pick<ChaosSystem, 'hosts'>, organization: number, count: number): WantedAccount[] {
  const perHost = Math.ceil(count / hosts.length);
  return hosts.flatMap((host) => {
    const length = Math.max(host.site === null ? 1 : 2, perHost);
    return Array.from({ length }, (_, index) => {
      const isShared = host.site !== null && index === 0;
      const owner = isShared ? `pair${Math.floor(organization / 2)}` : `org${organization + 1}`;
      const isStrict = host.site !== null && host.platform === 'x' && index === length - 1;
      return { host, handle: `${owner}${host.name}${index}${isStrict ? strictSuffix : ''}` };
    });
  });
}

/** A long run has its faults spread over its posts, so that a slow machine strikes each post no more often than a fast one. */
function spreadOver({ faults, posts }: ChaosOptions, created: number): number {
  return Math.ceil((faults * (created + posts / 100)) / posts);
}

async function readVisible(
  system: Pick<ChaosSystem, 'sandbox' | 'standIn'>,
): Promise<{ lines: VisiblePost[]; commits: number }> {
  const { lines, commits } = await system.sandbox.visible();
  const standIn = system.standIn?.visible() ?? { lines: [], commits: 0 };
  return { lines: [...lines, ...standIn.lines], commits: commits + standIn.commits };
}

async function heal(system: ChaosSystem): Promise<void> {
  await system.sandbox.clearFaults();
  for (const { whims } of system.standIn?.sites.values() ?? []) whims.clear();
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
