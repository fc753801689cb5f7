import { expect, test } from 'vitest';
import type { PlatformResponse } from '../platform-http.ts';
import { mastodonRefusal } from './errors.ts';

const answer = (status: number, json: unknown, headers: Record<string, string> = {}): PlatformResponse => ({
  status,
  headers,
  receivedAt: new Date('2026-11-22T10:00:00Z'),
  json,
  text: '',
});

test.each([
  [401, 'auth_revoked'],
  [403, 'permission'],
  [404, 'not_found'],
  [410, 'not_found'],
  [422, 'content'],
  [400, 'content'],
  [429, 'rate_limit'],
])('%s is %s in every language', (status, kind) => {
  const reason = 'Überprüfung gescheitert';
  expect(mastodonRefusal(answer(status, { error: reason }))).toMatchObject({
    kind,
    platformCode: `http_${status}`,
    reason,
  });
  expect(mastodonRefusal(answer(status, '<html>'))).toMatchObject({ kind, reason: undefined });
});

test('the wait is told as a time', () => {
  expect(mastodonRefusal(answer(429, {}, { 'x-ratelimit-reset': '2026-11-22T10:05:00.000000Z' })).retryAfterMs).toBe(
    300_000,
  );
});
