import { type ApiClient, createApiClient } from './api-client.ts';
import type { ChaosAccount } from './history.ts';
import { type ChaosPlatform, chaosPlatforms } from './product-environment.ts';
import type { SandboxControl } from './sandbox-control.ts';

/** One tenant with its accounts and a client that holds its API key. */
export interface Organization {
  readonly organizationId: string;
  readonly client: ApiClient;
  readonly accounts: readonly ChaosAccount[];
  /** Connects again every account whose grant is dead, as an attentive user does. */
  reconnect(): Promise<Reconnects>;
}

export interface Reconnects {
  readonly connected: number;
  /** Why the others could not be connected: they are tried again in the next turn. */
  readonly failures: readonly string[];
}

export interface PlatformAddresses {
  readonly mastodonInstance: string;
  readonly blueskyService: string;
}

/** A platform that is down now is tried again with new credentials. */
const connectPatienceMs = 15_000;

export async function createOrganization(options: {
  readonly name: string;
  readonly origins: () => readonly string[];
  readonly sandbox: SandboxControl;
  readonly addresses: PlatformAddresses;
  readonly accountsPerPlatform: number;
}): Promise<Organization> {
  const { name, origins, sandbox, addresses } = options;
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
  const connect = async (platform: ChaosPlatform, handle: string): Promise<ChaosAccount> => {
    const credentials = await credentialsOf(sandbox, addresses, platform, handle);
    const account = await client.read<{ id: string; externalId: string }>(
      'POST',
      '/accounts/manual',
      { platform, credentials },
      connectPatienceMs,
    );
    return { accountId: account.id, organizationId, platform, externalId: account.externalId };
  };

  const handles = new Map<string, { platform: ChaosPlatform; handle: string }>();
  const accounts: ChaosAccount[] = [];
  for (const platform of chaosPlatforms) {
    for (let index = 1; index <= options.accountsPerPlatform; index += 1) {
      const handle = `${name}${platform}${index}`;
      const account = await connect(platform, handle);
      handles.set(account.accountId, { platform, handle });
      accounts.push(account);
    }
  }
  return {
    organizationId,
    client,
    accounts,
    async reconnect() {
      const { items } = await client.read<{ items: { id: string; status: string }[] }>('GET', '/accounts?limit=100');
      const ended = items.flatMap(({ id, status }) => (status === 'active' ? [] : (handles.get(id) ?? [])));
      const failures: string[] = [];
      for (const { platform, handle } of ended) {
        await connect(platform, handle).catch((error: unknown) => failures.push(`${handle}: ${String(error)}`));
      }
      return { connected: ended.length - failures.length, failures };
    },
  };
}

async function credentialsOf(
  sandbox: SandboxControl,
  addresses: PlatformAddresses,
  platform: ChaosPlatform,
  handle: string,
): Promise<Record<string, string>> {
  const made = await sandbox.account(platform, handle);
  switch (platform) {
    case 'bluesky':
      return { service: addresses.blueskyService, handle: made.account.handle, appPassword: made.appPassword ?? '' };
    case 'mastodon':
      return { instance: addresses.mastodonInstance, accessToken: made.accessToken };
    case 'x':
      return {
        accessToken: made.accessToken,
        ...(made.refreshToken === undefined ? {} : { refreshToken: made.refreshToken }),
        ...(made.expiresIn === undefined
          ? {}
          : { expiresAt: new Date(Date.now() + made.expiresIn * 1000).toISOString() }),
      };
  }
}
