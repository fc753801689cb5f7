import { z } from 'zod';
import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import type { PlatformResponse } from '../port/platform-http.ts';

const Percent = z.number().catch(0);

/** `X-Business-Use-Case-Usage`, by the object that is counted. https://developers.facebook.com/docs/graph-api/overview/rate-limiting, read 2026-11. */
const BusinessUsage = z.record(
  z.string(),
  z.array(
    z.object({
      call_count: Percent,
      total_cputime: Percent,
      total_time: Percent,
      /** Minutes. */
      estimated_time_to_regain_access: z.number().nonnegative().catch(0),
    }),
  ),
);

const AppUsage = z.object({ call_count: Percent, total_cputime: Percent, total_time: Percent });

const minuteMs = 60_000;
/** The application's usage tells no time: it is counted over an hour that slides. */
const appWaitMs = 5 * minuteMs;
const waitMsMax = 24 * 60 * minuteMs;

/** How long an answer says that an object is closed, ms; null where it says nothing. */
export function regainMsOf({ headers }: PlatformResponse): number | null {
  const minutes = entriesOf(headers['x-business-use-case-usage']).map((entry) => entry.estimated_time_to_regain_access);
  const longest = Math.max(0, ...minutes);
  return longest === 0 ? null : Math.min(longest * minuteMs, waitMsMax);
}

/** The limits that an answer says are used up. */
export function graphExhaustedLimits(answer: PlatformResponse): ExhaustedLimit[] {
  const regainMs = regainMsOf(answer);
  const app = AppUsage.safeParse(jsonOf(answer.headers['x-app-usage'])).data;
  const isAppFull = app !== undefined && Math.max(app.call_count, app.total_cputime, app.total_time) >= 100;
  return [
    ...(regainMs === null ? [] : [{ scope: 'account' as const, resetMs: regainMs }]),
    ...(isAppFull ? [{ scope: 'app' as const, resetMs: appWaitMs }] : []),
  ];
}

function entriesOf(header: string | undefined) {
  return Object.values(BusinessUsage.safeParse(jsonOf(header)).data ?? {}).flat();
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
