import { platformIds, type PlatformId } from '@vibetribe/contracts/platform-id';
import { sleep } from '@vibetribe/resilience/sleep';
import { shareOfOrganization, shareOfServer } from '../platforms/platform-shares.ts';
import { workInShares } from '../work-in-shares.ts';
import { bringForward, enrolSubjects } from './enrol-subjects.ts';
import { isQueueLate } from './late-queue.ts';
import { readAccountMetrics, type MetricsDependencies, type ReadOutcome } from './read-account-metrics.ts';
import { createRunBudget } from './run-budget.ts';
import { type DueAccount, takeDue } from './take-due.ts';

export interface ReadMetricsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Somebody asked for it: what is young is read again, though its time has not come. */
  readonly isByHand?: boolean;
  /** How many ms one run waits in all while posts are late. */
  readonly patienceMs?: number;
  readonly accountRequests?: number;
  readonly platformRequests?: number;
}

export type ReadMetrics = Readonly<Record<ReadOutcome | 'enrolled', number>> & {
  /** It ended before its work, because posts were late. */
  readonly hasYielded: boolean;
};

/** Few beside the publisher's: numbers can wait. */
const placesMax = 4;
const accountsPerPlatform = 10;
/** Of one account at a time. */
const postsMax = 100;
const lookAgainMs = 2_000;
const patienceMsDefault = 15 * 60_000;

/**
 * Reads the numbers that are due. It asks nothing while posts are late, and keeps to a share of each platform's and each account's requests.
 * Runs may be cut off anywhere: what was taken is due again in an hour.
 */
export async function readMetrics(deps: MetricsDependencies, options: ReadMetricsOptions = {}): Promise<ReadMetrics> {
  const { signal, patienceMs = patienceMsDefault } = options;
  const counts = { read: 0, changed: 0, gone: 0, denied: 0, limited: 0, failed: 0, unaffordable: 0 };
  const budget = createRunBudget(deps, options);
  const giveUpAtMs = deps.clock.monotonicMs() + patienceMs;
  let hasYielded = false;
  const mayAsk = async () => {
    while (!hasYielded && signal?.aborted !== true && (await isQueueLate(deps))) {
      hasYielded = deps.clock.monotonicMs() >= giveUpAtMs;
      if (!hasYielded) await sleep(lookAgainMs, signal).catch(() => undefined);
    }
    return !hasYielded && signal?.aborted !== true;
  };
  const enrolled = await enrolSubjects(deps, signal);
  const platforms = readablePlatforms(deps);
  if (options.isByHand === true)
    await bringForward(
      deps,
      platforms.filter((platform) => isFree(deps, platform)),
    );
  await workInShares<DueAccount>({
    placesMax,
    pendingMax: placesMax,
    async read() {
      if (!(await mayAsk())) return [];
      const wanted = platforms.filter((platform) => budget.isPlatformLeft(platform));
      if (wanted.length === 0) return [];
      const accounts = new Map(wanted.map((platform) => [platform, accountsPerPlatform]));
      return deps.db.asWorker((tx) => takeDue(tx, accounts, { left: budget.accountsDone(), postsMax }));
    },
    sharesOf: ({ organizationId, service }) => [shareOfOrganization(organizationId), ...shareOfServer(service)],
    work: (due) =>
      readAccountMetrics(deps, due, {
        budget,
        mayAsk,
        count: (outcome, subjects) => void (counts[outcome] += subjects),
      }),
    signal,
  });
  return { enrolled, ...counts, hasYielded };
}

/** Whether numbers cost nothing there and may be asked for at any time. */
function isFree({ adapters }: MetricsDependencies, platform: PlatformId): boolean {
  const { cost, postHoursMin } = adapters[platform].metrics ?? {};
  return cost === undefined && postHoursMin === undefined;
}

/** Those whose adapters read numbers, and that bill nothing or less than the operator allows. */
function readablePlatforms({ adapters, metricsMonthlyUsd }: MetricsDependencies): PlatformId[] {
  return platformIds.filter((platform) => {
    const { metrics } = adapters[platform];
    return metrics !== undefined && (metrics.cost === undefined || (metricsMonthlyUsd(platform) ?? 0) > 0);
  });
}
