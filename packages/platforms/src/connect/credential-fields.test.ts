import { describe, expect, test } from 'vitest';
import { secretField, serverOriginOf } from './credential-fields.ts';

describe('the address of a server', () => {
  test.each([
    ['https://social.example', 'https://social.example'],
    ['social.example', 'https://social.example'],
    ['  https://Social.Example/@me?x=1#y ', 'https://social.example'],
    ['http://127.0.0.1:4011/', 'http://127.0.0.1:4011'],
    ['https://social.example:443', 'https://social.example'],
    ['localhost:3000', 'https://localhost:3000'],
  ])('%s is %s', (given, origin) => {
    expect(serverOriginOf(given)).toBe(origin);
  });

  test.each([
    '',
    ' ',
    'https://',
    'https://user:pass@social.example',
    'https://user@social.example',
    'ftp://social.example',
    'javascript://x',
    'file:///etc/passwd',
    'a b',
    `https://${'a'.repeat(3_000)}`,
  ])('%s is none', (given) => {
    expect(serverOriginOf(given)).toBeNull();
  });
});

describe('a secret', () => {
  test('comes without the white space it was pasted with', () => {
    expect(secretField('the token').parse(' abc\n')).toBe('abc');
  });

  test.each(['', '  ', 'a\nb', 'a\r\nX-Injected: 1', 'é', 'x'.repeat(5_000)])(
    '%j is refused in words that do not repeat it',
    (given) => {
      const parsed = secretField('the token').safeParse(given);
      expect(parsed.error?.issues[0]?.message).toMatch(/^the token /u);
    },
  );
});
