import { z } from 'zod';
import { countIn, readingsIn, scopeMissing, type MetricSource } from '../answers/metric-readings.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall } from '../port/account.ts';
import type { MetricReading } from '../port/metrics.ts';
import { accessTo } from '../connect/token-access.ts';
import { callYouTube } from './api.ts';
import { analyticsScope } from './oauth.ts';

/** What YouTube Analytics has beside the Data API, two to three days late. https://developers.google.com/youtube/analytics/metrics, read 2026-11. */
const definitionVersion = '2026-08';
const sources: readonly MetricSource[] = [
  ['engagedViews', 'engagedViews'],
  ['shares', 'shares'],
  ['subscribersGained', 'followsGained'],
  ['estimatedMinutesWatched', 'watchTimeMs'],
  ['averageViewDuration', 'averageWatchMs'],
];
/** How many ms one of each is. */
const unitMs: Readonly<Record<string, number>> = { estimatedMinutesWatched: 60_000, averageViewDuration: 1_000 };

export const notWatched: readonly MetricReading[] = readingsIn({}, sources, definitionVersion);

/** Before the first video. */
const fromDate = '2005-02-14';

const Table = z.object({
  columnHeaders: z.array(z.object({ name: z.string() })).max(50),
  rows: z.array(z.array(z.unknown()).max(50)).max(200).default([]),
});

/** By video; one that was not counted yet is missing. A scope of its own: without it they are null. */
export async function readWatched({
  ids,
  now,
  onDenied,
  ...call
}: AccountCall & {
  readonly ids: readonly string[];
  readonly now: Date;
  readonly onDenied: ((missing: PlatformError) => void) | undefined;
}): Promise<ReadonlyMap<string, readonly MetricReading[]>> {
  const { scopes, account } = call;
  if (ids.length === 0) return new Map();
  if (scopes.length > 0 && !scopes.includes(analyticsScope)) {
    onDenied?.(scopeMissing(analyticsScope));
    return new Map();
  }
  const metrics = ['views', ...sources.map(([source]) => source)].join(',');
  const query = {
    ids: `channel==${account.externalId}`,
    startDate: fromDate,
    endDate: now.toISOString().slice(0, 10),
    metrics,
    dimensions: 'video',
    filters: `video==${ids.join(',')}`,
    sort: '-views',
    maxResults: '200',
  };
  try {
    const request = { ...accessTo(call), host: 'analytics', method: 'GET', path: '/v2/reports', query } as const;
    return readTable(await callYouTube({ ...request, effect: 'read', answer: Table }));
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'permission')) throw error;
    onDenied?.(scopeMissing(analyticsScope));
    return new Map();
  }
}

function readTable({ columnHeaders, rows }: z.infer<typeof Table>): Map<string, readonly MetricReading[]> {
  const names = columnHeaders.map(({ name }) => name);
  return new Map(
    rows.flatMap((row) => {
      const cells: Record<string, unknown> = Object.fromEntries(names.map((name, at) => [name, row[at]]));
      const { video } = cells;
      const counts = Object.fromEntries(Object.entries(cells).map(([name, value]) => [name, inMs(name, value)]));
      return typeof video === 'string' ? [[video, readingsIn(counts, sources, definitionVersion)] as const] : [];
    }),
  );
}

function inMs(name: string, value: unknown): number | null {
  const count = countIn(value);
  return count === null ? null : countIn(count * (unitMs[name] ?? 1));
}
