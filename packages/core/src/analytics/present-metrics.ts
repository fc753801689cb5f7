import { MetricsState, MetricValue } from '@vibetribe/contracts/analytics';
import { MetricName } from '@vibetribe/contracts/metric';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { isoInstant } from '@vibetribe/db/iso-instant';
import { type SQL, sql } from 'drizzle-orm';
import type { z } from 'zod';
import type { CoreDependencies } from '../core-dependencies.ts';

/** Numbers of an account as a whole; the others are of posts, and some of both. */
export const accountOnly: readonly MetricName[] = ['followers', 'following', 'posts'];
export const postMetrics: readonly MetricName[] = MetricName.options.filter((name) => !accountOnly.includes(name));

/** The column of `metric_subjects` that has a post's last number of this. */
export function columnOf(metric: MetricName): SQL {
  return sql.raw(metric.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

export const metricValueColumns = MetricValue.shape;

/** The expressions behind `metricValueColumns`, for a query with `metric_definitions d` and rows `n` that have `value` and `captured_at`. */
export const metricValueFields = sql`d.metric, n.value, d.source, d.version as "definitionVersion", ${isoInstant('n.captured_at')} as "capturedAt"`;

/** What a row of `metric_subjects` says of itself; the other states follow from its account and platform. */
export const SubjectState = MetricsState.extract(['unread', 'read', 'gone', 'ended']);

/** What the rows know of one subject, as it is told. */
export interface SubjectFacts {
  readonly platform: PlatformId;
  readonly asked: 'posts' | 'account';
  readonly state: z.infer<typeof SubjectState> | null;
  /** The account's platform denies it, in its own words. */
  readonly denied: string | null;
}

type StateDependencies = Pick<CoreDependencies, 'adapters' | 'metricsMonthlyUsd'>;

/** Why there are numbers, or none: what is not given is told apart from what was not read. */
export function stateOf(
  { adapters, metricsMonthlyUsd }: StateDependencies,
  { platform, asked, state, denied }: SubjectFacts,
): { readonly state: MetricsState; readonly detail: string | null } {
  const { metrics, displayName } = adapters[platform];
  if (metrics === undefined || (asked === 'account' ? metrics.readAccount === undefined : metrics.postDaysMax === 0))
    return { state: 'not_supported', detail: `${displayName} does not tell these numbers.` };
  if (state === 'gone') return { state, detail: `${displayName} has it no more; these are its last numbers.` };
  if (state === 'ended') return { state, detail: 'It is too old to be asked for; these are its last numbers.' };
  if (metrics.cost !== undefined && (metricsMonthlyUsd(platform) ?? 0) <= 0)
    return {
      state: 'off',
      detail: `${displayName} bills for reading numbers, and the operator of this service has not switched it on.`,
    };
  if (denied !== null) return { state: 'denied', detail: `${displayName} does not give them: ${denied}` };
  return { state: state ?? 'unread', detail: null };
}

/** Whether a subject in this state is asked for again. */
export function isAsked(state: MetricsState): boolean {
  return state === 'unread' || state === 'read' || state === 'denied';
}

/** The metrics `of` a subject that its platform does not give; none before it was read. */
export function notGiven(of: readonly MetricName[], state: MetricsState, given: ReadonlySet<MetricName>): MetricName[] {
  return state === 'read' || state === 'gone' || state === 'ended' ? of.filter((metric) => !given.has(metric)) : [];
}
