import { expect, test } from 'vitest';
import { pathPattern } from './path-pattern.ts';

test.each([
  ['/api/v1/accounts/109876/statuses', '/api/v1/accounts/:id/statuses'],
  ['/v25.0/1789_4563/comments', '/v25.0/:id/comments'],
  ['/xrpc/com.atproto.repo.createRecord', '/xrpc/com.atproto.repo.createRecord'],
  ['/2/tweets/1790000000000000000', '/2/tweets/:id'],
  ['/webhooks/1/aB3dE5gH7jK9mN1pQ3sT5vW7yZ', '/webhooks/1/:id'],
  ['/oauth2/token', '/oauth2/token'],
])('%s is logged as %s', (path, pattern) => {
  expect(pathPattern(path)).toBe(pattern);
});
