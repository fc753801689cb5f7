import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redactUrl } from './redact.ts';

test.each([
  ['https://user:canary@example.com/a?b=c', 'https://redacted:redacted@example.com/a?b=c'],
  ['redis://:canary@127.0.0.1:6379/0', 'redis://:redacted@127.0.0.1:6379/0'],
  [
    'postgres://app:canary@db:5432/vibetribe?sslmode=require',
    'postgres://redacted:redacted@db:5432/vibetribe?sslmode=require',
  ],
  [
    'https://graph.example/me?access_token=canary&fields=id',
    'https://graph.example/me?access_token=redacted&fields=id',
  ],
  [
    'https://a.example/cb?code=canary&state=canary&error=denied',
    'https://a.example/cb?code=redacted&state=redacted&error=denied',
  ],
  ['https://a.example/x?token=canary&token=canary', 'https://a.example/x?token=redacted'],
  [
    'https://s3.example/o?X-Amz-Signature=canary&X-Amz-Credential=canary',
    'https://s3.example/o?X-Amz-Signature=redacted&X-Amz-Credential=redacted',
  ],
  ['https://a.example/#access_token=canary', 'https://a.example/#redacted'],
  [
    'https://discord.com/api/v10/webhooks/123/canary?wait=true',
    'https://discord.com/api/v10/webhooks/123/redacted?wait=true',
  ],
  [
    'https://discord.com/api/webhooks/123/canary/messages/9',
    'https://discord.com/api/webhooks/123/redacted/messages/9',
  ],
  ['/api/v1/ws?ticket=canary&since=12', '/api/v1/ws?ticket=redacted&since=12'],
  ['https://example.com/posts?limit=5&cursor=abc', 'https://example.com/posts?limit=5&cursor=abc'],
  ['canary is not an address', '[redacted]'],
  ['//canary', '[redacted]'],
])('%s becomes %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown);
});

test('no form of a sensitive name lets its value through', () => {
  const names = fc.constantFrom(
    'access_token',
    'ACCESS-TOKEN',
    'accessToken',
    'client_secret',
    'refresh_token',
    'code',
    'Code_Verifier',
    'api_key',
    'ticket',
    'sig',
  );
  const secrets = fc.string({ minLength: 8, maxLength: 20 }).map((text) => `canary${text}`);
  fc.assert(
    fc.property(names, secrets, (name, secret) => {
      const url = new URL('https://example.com/path');
      url.searchParams.append('first', '1');
      url.searchParams.append(name, secret);
      expect(redactUrl(url.href)).not.toContain('canary');
    }),
  );
});
