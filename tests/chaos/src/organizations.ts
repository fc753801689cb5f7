import { type ApiClient, createApiClient } from './api-client.ts';
import type { ChaosAccount } from './history.ts';
import type { PlatformHost } from './hosts.ts';

/** One tenant with its accounts and a client that holds its API key. */
export interface Organization {
  readonly organizationId: string;
  readonly client: ApiClient;
  readonly accounts: readonly ChaosAccount[];
  /** Connects again every account whose grant is dead or given back, as an attentive user does. */
  reconnect(): Promise<Reconnects>;
}

export interface Reconnects {
  readonly connected: number;
  /** Why the others could not be connected: they are tried again in the next turn. */
  readonly failures: readonly string[];
}

/** An account that an organization connects; two organizations may name the same one. */
export interface WantedAccount {
  readonly host: PlatformHost;
  readonly handle: string;
}

/** A platform that is down now is tried again with new credentials. */
const connectPatienceMs = 15_000;

export async function createOrganization(options: {
  readonly name: string;
  readonly origins: () => readonly string[];
  readonly accounts: readonly WantedAccount[];
}): Promise<Organization> {
  const { name, origins } = options;
  const registered = await createApiClient(origins).read<{ accessToken: string; organization: { id: string } }>(
    'POST',
    '/auth/register',
    {
      email: `${name}@example.com`,
      password: 'correct horse battery staple',
      name,
      organizationName: name,
    },
  );
  const organizationId = registered.organization.id;
  // A session ends after minutes; a key lasts for the run.
  const { key } = await createApiClient(origins, `Bearer ${registered.accessToken}`).read<{ key: string }>(
    'POST',
    '/api-keys',
    {
      name: 'chaos',
      scopes: ['read', 'write', 'admin'],
    },
  );
  const client = createApiClient(origins, `Bearer ${key}`);
  const connect = async ({ host, handle }: WantedAccount): Promise<ChaosAccount> => {
    const { platform, name: hostName } = host;
    const account = await client.read<{ id: string; externalId: string }>(
      'POST',
      '/accounts/manual',
      { platform, credentials: await host.credentials(handle) },
      connectPatienceMs,
    );
    return { accountId: account.id, organizationId, platform, hostName, handle, externalId: account.externalId };
  };

  const connected = new Map<string, WantedAccount>();
  const accounts: ChaosAccount[] = [];
  for (const wanted of options.accounts) {
    const account = await connect(wanted);
    connected.set(account.accountId, wanted);
    accounts.push(account);
  }
  return {
    organizationId,
    client,
    accounts,
    async reconnect() {
      const { items } = await client.read<{ items: { id: string; status: string }[] }>('GET', '/accounts?limit=100');
      const ended = items.flatMap(({ id, status }) => (status === 'active' ? [] : (connected.get(id) ?? [])));
      const failures: string[] = [];
      for (const wanted of ended) {
        await connect(wanted).catch((error: unknown) => failures.push(`${wanted.handle}: ${String(error)}`));
      }
      return { connected: ended.length - failures.length, failures };
    },
  };
}
