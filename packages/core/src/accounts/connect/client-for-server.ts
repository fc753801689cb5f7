import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import type { OAuthConnect } from '@vibetribe/platforms/port/connect';
import type { OAuthClient, PlatformEndpoints } from '@vibetribe/platforms/port/endpoints';
import type { PlatformHttp } from '@vibetribe/platforms/port/platform-http';
import { serverOriginOf } from '@vibetribe/platforms/connect/credential-fields';
import { SecretUnreadableError } from '@vibetribe/security/secret-unreadable-error';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { CoreDependencies } from '../../core-dependencies.ts';

type ClientDependencies = Pick<CoreDependencies, 'db' | 'keyRing' | 'clientsBeingMade'>;

interface ServerKey {
  readonly platform: PlatformId;
  /** As the user gave it. */
  readonly server: string | null;
  readonly redirectUri: string;
}

/**
 * Gives the client under which a server of the user's choice knows us. The first consent registers it, for all organizations; other
 * consents to that server wait meanwhile. Null where the platform registers no clients, or the user named no server.
 */
export async function clientForServer(
  deps: ClientDependencies,
  oauth: OAuthConnect,
  asked: ServerKey,
  call: { readonly endpoints: PlatformEndpoints; readonly http: PlatformHttp },
): Promise<OAuthClient | null> {
  const server = asked.server === null ? null : serverOriginOf(asked.server);
  if (oauth.registerClient === undefined || server === null) return null;
  return keepClient(
    deps,
    { ...asked, server },
    async () => (await oauth.registerClient?.({ ...call, server, redirectUri: asked.redirectUri })) ?? null,
  );
}

/**
 * The client that is kept for a server, or else a new one. Whoever comes meanwhile waits for it, and nobody with a connection in hand: the
 * server may take its time. Of two processes that made one at once both use what was kept first.
 */
export async function keepClient(
  deps: ClientDependencies,
  asked: ServerKey & { readonly server: string },
  make: () => Promise<OAuthClient | null>,
): Promise<OAuthClient | null> {
  const key = keyOf(asked);
  const known = await deps.db.asWorker((tx) => readClient(deps, tx, key));
  if (known !== null) return known;
  return deps.clientsBeingMade.run(key, async () => {
    const client = await make();
    return client === null ? null : storeClient(deps, { ...asked, key }, client);
  });
}

async function storeClient(
  deps: ClientDependencies,
  { key, platform, server }: ServerKey & { readonly server: string; readonly key: string },
  client: OAuthClient,
): Promise<OAuthClient> {
  return deps.db.asWorker(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`server client ${key}`}, 0))`);
    const first = await readClient(deps, tx, key);
    if (first !== null) return first;
    const sealed = deps.keyRing.seal(JSON.stringify(client), clientContext(key));
    await tx.execute(sql`
      insert into server_clients (id, platform, server, client_sealed) values (${key}, ${platform}, ${server}, ${sealed})
      on conflict (id) do update set client_sealed = excluded.client_sealed, created_at = clock_timestamp()`);
    return client;
  });
}

/** Forgets a client that its server does not know any more: the next consent registers another one. */
export async function forgetServerClient(deps: Pick<CoreDependencies, 'db'>, asked: ServerKey): Promise<void> {
  const server = asked.server === null ? null : serverOriginOf(asked.server);
  if (server === null) return;
  await deps.db.asWorker((tx) => tx.execute(sql`delete from server_clients where id = ${keyOf({ ...asked, server })}`));
}

/** Names a client. A server keeps the redirect address with the client, so that another address needs another client. */
function keyOf({ platform, server, redirectUri }: ServerKey & { readonly server: string }): string {
  return JSON.stringify([platform, server, redirectUri]);
}

const StoredClient = z.object({ id: z.string(), secret: z.string() });

/** Null also where no key opens the stored client any more: it is registered anew. */
async function readClient(
  { keyRing }: Pick<ClientDependencies, 'keyRing'>,
  tx: Transaction,
  key: string,
): Promise<OAuthClient | null> {
  const [row] = await queryRows(tx, { sealed: column.text })`
    select client_sealed as sealed from server_clients where id = ${key}`;
  if (row === undefined) return null;
  try {
    return StoredClient.parse(JSON.parse(keyRing.open(row.sealed, clientContext(key))));
  } catch (error) {
    if (error instanceof SecretUnreadableError) return null;
    throw error;
  }
}

/** It belongs to the service, not to an organization. */
export function clientContext(key: string) {
  return { organizationId: 'service', table: 'server_clients', rowId: key, column: 'client_sealed' };
}
