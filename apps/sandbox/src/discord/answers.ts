import type { Answer } from '../answer.ts';
import type { SiteAnswers } from '../site.ts';
import type { LimitState } from '../state/rate-limits.ts';
import { discordLimits } from './limits.ts';

/** https://docs.discord.com/developers/topics/opcodes-and-status-codes */
export const discordAnswers: SiteAnswers = {
  notFound: () => apiError(404, 0, '404: Not Found'),
  malformed: (status, message) => malformed(status, message),
  internalError: () => apiError(500, 0, '500: Internal Server Error'),
  unavailable: () => ({
    status: 503,
    body: 'upstream connect error or disconnect/reset before headers',
    contentType: 'text/plain',
  }),
  rateLimited: ({ max = discordLimits.create.max, resetAtMs, nowMs }) =>
    rateLimited({ name: discordLimits.create.name, max, remaining: 0, resetAtMs }, nowMs, false),
  tokenExpired: () => unauthorized(),
  tokenRevoked: () => unauthorized(),
  forbidden: () => apiError(403, 50_013, 'Missing Permissions'),
};

export function apiError(status: number, code: number, message: string): Answer {
  return { status, body: { message, code } };
}

export function unauthorized(): Answer {
  return apiError(401, 0, '401: Unauthorized');
}

export function unknownChannel(): Answer {
  return apiError(404, 10_003, 'Unknown Channel');
}

export function unknownMessage(): Answer {
  return apiError(404, 10_008, 'Unknown Message');
}

export type FieldFault = { path: readonly string[]; code: string; message: string };

/** The faults stand at the leaves of a tree in the shape of the request. */
export function invalidForm(faults: readonly FieldFault[]): Answer {
  const errors: Record<string, unknown> = {};
  for (const { path, code, message } of faults) {
    let branch = errors;
    for (const name of path) branch = (branch[name] ??= {}) as Record<string, unknown>;
    branch['_errors'] = [...((branch['_errors'] as unknown[] | undefined) ?? []), { code, message }];
  }
  return { status: 400, body: { message: 'Invalid Form Body', code: 50_035, errors } };
}

export function rateLimitHeaders(state: ShownLimit, nowMs: number): Record<string, string> {
  return {
    'x-ratelimit-limit': String(state.max),
    'x-ratelimit-remaining': String(state.remaining),
    'x-ratelimit-reset': (state.resetAtMs / 1000).toFixed(3),
    'x-ratelimit-reset-after': seconds(state.resetAtMs - nowMs).toFixed(3),
    'x-ratelimit-bucket': Buffer.from(state.name).toString('hex'),
  };
}

/** @param global whether the bot as a whole has to wait: such an answer names no bucket */
export function rateLimited(state: ShownLimit, nowMs: number, global: boolean): Answer {
  const retryAfter = seconds(state.resetAtMs - nowMs);
  return {
    status: 429,
    body: { message: 'You are being rate limited.', retry_after: retryAfter, global },
    headers: {
      'retry-after': String(Math.ceil(retryAfter)),
      'x-ratelimit-scope': global ? 'global' : 'user',
      ...(global ? { 'x-ratelimit-global': 'true' } : rateLimitHeaders({ ...state, remaining: 0 }, nowMs)),
    },
  };
}

type ShownLimit = Pick<LimitState, 'name' | 'max' | 'remaining' | 'resetAtMs'>;

function malformed(status: number, message: string): Answer {
  if (status === 413) return apiError(413, 40_005, 'Request entity too large');
  return status === 400
    ? apiError(400, 50_109, 'The request body contains invalid JSON.')
    : apiError(status, 0, message);
}

function seconds(ms: number): number {
  return Math.max(0, Math.round(ms)) / 1000;
}
