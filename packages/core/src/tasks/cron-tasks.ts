import { type PlatformId, platformIds } from '@vibetribe/contracts/platform-id';
import type { QueueConnection } from '@vibetribe/queue/queue-connection';
import { removeOldJobs } from '@vibetribe/queue/remove-old-jobs';
import { tellEndingTokens } from '../accounts/tokens/tell-ending-tokens.ts';
import type { RefreshOutcome } from '../accounts/tokens/refresh-expiring-grants.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { revokeUnusedConsents } from '../accounts/consents/revoke-unused-consents.ts';
import { readMetrics } from '../analytics/read-metrics.ts';
import { collectGarbage } from '../media/collect-garbage.ts';
import type { MediaDependencies } from '../media/media-dependencies.ts';
import { type HealthCheck, type HealthDependencies, runHealthCheck } from './check-health.ts';
import { type Retention, runCleanUp } from './clean-up.ts';
import { runStalledDetection, type Stalled } from './detect-stalled.ts';
import { runTokenRefresh } from './refresh-tokens.ts';
import { runAccountReread } from './reread-accounts.ts';
import type { TaskDetail } from './run-task-once.ts';

/** What the tasks are given; each takes a `Pick` of it. */
export interface CronDependencies
  extends CoreDependencies, Pick<MediaDependencies, 'media'>, Pick<HealthDependencies, 'disk'> {
  readonly queue: Pick<QueueConnection, 'health' | 'openQueue' | 'retention'>;
  readonly retention: Retention;
  /** How long media that no post uses are kept. */
  readonly unusedMediaDays: number;
  /** Told of what was found, for metrics. */
  readonly report: CronReport;
}

export interface CronReport {
  tokenRefresh(platform: PlatformId, outcome: RefreshOutcome): void;
  health(check: HealthCheck): void;
  stalled(stalled: Stalled): void;
}

export interface CronTask {
  /** As `cron_runs`, the logs and the metrics have it. */
  readonly name: string;
  /** The environment's name for its schedule. */
  readonly setting: `CRON_${string}`;
  /** By default: a cron expression in UTC. */
  readonly schedule: string;
  /** So long one run may take, minutes; what it has left the next one does. Default 50. */
  readonly deadlineMinutes?: number;
  /** Begins nothing more once the signal aborts; what was begun may be run again from its beginning. */
  run(deps: CronDependencies, signal: AbortSignal, how: { readonly isByHand: boolean }): Promise<TaskDetail>;
}

export function deadlineMsOf({ deadlineMinutes = 50 }: Pick<CronTask, 'deadlineMinutes'>): number {
  return deadlineMinutes * 60_000;
}

/** Everything that happens by the clock. */
export const cronTasks: readonly CronTask[] = [
  {
    name: 'token-refresh',
    setting: 'CRON_TOKEN_REFRESH',
    schedule: '0 * * * *',
    run: async (deps, signal) => ({
      ...(await runTokenRefresh(deps, { onOutcome: deps.report.tokenRefresh.bind(deps.report), signal })),
      ...(await tellEndingTokens(deps, signal)),
    }),
  },
  {
    name: 'analytics',
    setting: 'CRON_ANALYTICS',
    schedule: '40 * * * *',
    run: async (deps, signal, { isByHand }) => ({ ...(await readMetrics(deps, { signal, isByHand })) }),
  },
  {
    name: 'account-profiles',
    setting: 'CRON_ACCOUNT_PROFILES',
    schedule: '20 * * * *',
    run: async (deps, signal) => ({ ...(await runAccountReread(deps, signal)) }),
  },
  {
    name: 'unused-consents',
    setting: 'CRON_UNUSED_CONSENTS',
    schedule: '*/10 * * * *',
    deadlineMinutes: 8,
    run: async (deps, signal) => ({ ...(await revokeUnusedConsents(deps, signal)) }),
  },
  {
    name: 'clean-up',
    setting: 'CRON_CLEAN_UP',
    schedule: '0 2 * * *',
    deadlineMinutes: 120,
    run: async (deps, signal) => ({
      ...(await runCleanUp(deps, deps.retention, signal)),
      endedJobs: await removeOldJobs(deps.queue, platformIds),
    }),
  },
  {
    name: 'media-garbage',
    setting: 'CRON_MEDIA_GARBAGE',
    schedule: '30 2 * * *',
    deadlineMinutes: 120,
    run: async (deps, signal) => ({ ...(await collectGarbage(deps, { unusedDays: deps.unusedMediaDays, signal })) }),
  },
  {
    name: 'health-check',
    setting: 'CRON_HEALTH_CHECK',
    schedule: '*/5 * * * *',
    deadlineMinutes: 4,
    async run(deps) {
      const check = await runHealthCheck(deps);
      deps.report.health(check);
      return check;
    },
  },
  {
    name: 'stalled-detection',
    setting: 'CRON_STALLED_DETECTION',
    schedule: '*/15 * * * *',
    deadlineMinutes: 10,
    async run(deps) {
      const stalled = await runStalledDetection(deps);
      deps.report.stalled(stalled);
      return stalled;
    },
  },
];
