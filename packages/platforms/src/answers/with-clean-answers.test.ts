import { expect, test } from 'vitest';
import { PlatformError } from '../port/platform-error.ts';
import { bluesky } from '../bluesky/index.ts';
import type { ConnectedGrant } from '../port/connect.ts';
import { withCleanAnswers } from './with-clean-answers.ts';

const grant: ConnectedGrant = {
  credentials: { accessToken: 'a', scopes: ['one\u0000', ''] },
  service: null,
  accounts: [{ externalId: 'did:plc:1', handle: 'ada\u202e', displayName: '\u0007' }],
};
const connect = (given: ConnectedGrant) => {
  const { manual = null } = withCleanAnswers({
    ...bluesky,
    manual: { fields: [], credentials: bluesky.rules.options as never, connect: () => Promise.resolve(given) },
  });
  return manual?.connect({} as never);
};

test('names are cleaned, and one that is empty then gives way to the next', async () => {
  expect(await connect(grant)).toEqual({
    ...grant,
    credentials: { accessToken: 'a', scopes: ['one'] },
    accounts: [{ externalId: 'did:plc:1', handle: 'ada', displayName: 'ada' }],
  });
});

test('an account under an id that cannot be kept is refused, and so is a token that fits into no header', async () => {
  const [account] = grant.accounts;
  if (account === undefined) throw new Error('no account');
  const bad = [
    { ...grant, accounts: [{ ...account, externalId: 'a\u0000b' }] },
    { ...grant, credentials: { ...grant.credentials, accessToken: 'a\r\nb' } },
    { ...grant, credentials: { ...grant.credentials, accountTokens: { one: '' } } },
    { ...grant, credentials: { ...grant.credentials, refreshToken: 'x'.repeat(20_000) } },
  ];
  for (const given of bad) await expect(connect(given)).rejects.toBeInstanceOf(PlatformError);
});

test('an address that leads nowhere is left out of what is published and found', async () => {
  const part = { platformPostId: '1', url: 'javascript:alert(1)' } as const;
  const clean = withCleanAnswers({
    ...bluesky,
    publish: () => Promise.resolve({ kind: 'published', ...part }),
    reconcile: () => Promise.resolve({ kind: 'found', evidence: '', ...part }),
  });
  expect(await clean.publish({} as never)).toEqual({ kind: 'published', platformPostId: '1', url: null });
  expect(await clean.reconcile({} as never)).toMatchObject({ kind: 'found', url: null });
});
