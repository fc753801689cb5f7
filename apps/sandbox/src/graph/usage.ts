import type { LimitState } from '../state/rate-limits.ts';

const minuteMs = 60_000;

/**
 * `X-Business-Use-Case-Usage`: shares in percent, and whole minutes until access comes back.
 * https://developers.facebook.com/docs/graph-api/overview/rate-limiting
 */
export function usageHeader(
  type: string,
  object: string,
  { percent, regainMs }: { percent: number; regainMs: number },
): Record<string, string> {
  const usage = {
    type,
    call_count: percent,
    total_cputime: 1,
    total_time: 1,
    estimated_time_to_regain_access: Math.max(0, Math.ceil(regainMs / minuteMs)),
  };
  return { 'x-business-use-case-usage': JSON.stringify({ [object]: [usage] }) };
}

/** How much of a limit is used, as every answer tells it; the time only where nothing is left. */
export function usageOf(type: string, object: string, state: LimitState, nowMs: number): Record<string, string> {
  const percent = Math.min(100, Math.floor(((state.max - state.remaining) / state.max) * 100));
  const regainMs = state.exceeded ? state.resetAtMs - nowMs : 0;
  return usageHeader(type, object, { percent, regainMs });
}

/** `X-App-Usage`: of the application as a whole. */
export function appUsage(percent: number): Record<string, string> {
  return { 'x-app-usage': JSON.stringify({ call_count: percent, total_time: 1, total_cputime: 1 }) };
}
