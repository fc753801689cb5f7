import type { MetricName } from '@vibetribe/contracts/metric';
import { PlatformError } from '../port/platform-error.ts';
import type { VisiblePart } from '../port/account.ts';
import type { MetricReading } from '../port/metrics.ts';

/** The platform's own name, and which of ours it is. */
export type MetricSource = readonly [source: string, metric: MetricName];

/** What an answer holds under the platform's own names. One that it leaves out is null: it was asked for. */
export function readingsIn(
  counts: Readonly<Record<string, unknown>>,
  sources: readonly MetricSource[],
  definitionVersion: string,
): MetricReading[] {
  return sources.map(([source, metric]) => ({
    metric,
    value: Object.hasOwn(counts, source) ? countIn(counts[source]) : null,
    source,
    definitionVersion,
  }));
}

/** Something that can have been counted. What is no whole number from zero on, or more than there can be, is null, never 0. */
export function countIn(given: unknown): number | null {
  return typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= countMax ? given : null;
}

/** Where the platform writes its numbers as text, as Google does. */
export function writtenCountIn(given: unknown): number | null {
  return typeof given === 'string' && /^\d{1,15}$/u.test(given) ? countIn(Number(given)) : null;
}

/** Some of the numbers need a scope that the account was connected without. */
export function scopeMissing(scope: string): PlatformError {
  const message = `Some of them need the permission ${scope}, which this connection does not have.`;
  return new PlatformError('permission', message, { platformCode: 'scope_missing' });
}

/** More than all that people have ever looked at. */
const countMax = 1_000_000_000_000_000;

/** Asks for one post after the other. One that is gone is left out; an account that is gone is told. */
export async function readOneByOne(
  posts: readonly VisiblePart[],
  read: (post: VisiblePart) => Promise<readonly MetricReading[]>,
): Promise<Map<string, readonly MetricReading[]>> {
  const found = new Map<string, readonly MetricReading[]>();
  for (const post of posts) {
    try {
      found.set(post.platformPostId, await read(post));
    } catch (error) {
      if (!(error instanceof PlatformError && error.kind === 'not_found' && error.accountGone === null)) throw error;
    }
  }
  return found;
}
