import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { AdapterAccount } from '../port/account.ts';
import type { ConnectedGrant, Credentials } from '../port/connect.ts';
import { adapters } from '../registry.ts';
import type { MadeAccount, TestSandbox } from './test-sandbox.ts';

/** Fills the form that the platform asks for with what the sandbox has under its fields' names. */
export function credentialsFor(
  sandbox: Pick<TestSandbox, 'hosts'>,
  platform: PlatformId,
  { account, ...given }: MadeAccount,
): Record<string, string> {
  const host = sandbox.hosts[platform];
  const known: Record<string, unknown> = {
    ...given,
    service: host,
    instance: host,
    handle: account.handle,
    externalId: account.id,
  };
  const names = adapters[platform].manual?.fields.map(({ name }) => name) ?? [];
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = known[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

export function opened({ credentials, service, accounts: [first] }: ConnectedGrant): {
  account: AdapterAccount;
  credentials: Credentials;
} {
  if (first === undefined) throw new Error('the grant opens no account');
  return { account: { ...first, service }, credentials };
}
