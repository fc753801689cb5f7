import { roleNames } from '@vibetribe/db/role-names';
import { OperatorError } from '@vibetribe/observability/operator-error';
import type { KeyRing, SecretContext } from '@vibetribe/security/key-ring';
import { SecretUnreadableError } from '@vibetribe/security/secret-unreadable-error';
import { openCredentials } from './accounts/grants/seal-credentials.ts';
import { allSealed } from './keys/sealed-columns.ts';

/** A connection as the login itself, which may write the service's settings and take the worker's role. */
interface LoginConnection {
  query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

const settingKey = 'encryption_canary';
const canary = 'opened';
const context: SecretContext = { organizationId: '', table: 'service_settings', rowId: settingKey, column: 'value' };
const grantsTried = 20;

/**
 * Makes sure that this process has the keys of this database: a sealed word decides, which the first process of all left there. It is sealed
 * anew under the key that writes once nothing else is under its own: so no key may go before.
 * @throws OperatorError where no key opens it: with wrong keys everything would seem well until the first post is due
 */
export async function requireKeys(
  client: LoginConnection,
  keyRing: KeyRing,
  options: { readonly rolePrefix: string },
): Promise<void> {
  const sealed = (await readCanary(client)) ?? (await leaveCanary(client, keyRing, options));
  if (openOrNull(keyRing, sealed) !== canary) throw wrongKeys(keyIdOf(keyRing, sealed));
  if (!keyRing.needsRewrap(sealed) || (await isInUse(client, keyRing.keyIdOf(sealed), options))) return;
  await client.query(
    `update service_settings set value = to_jsonb($1::text), updated_at = now() where key = $2 and value #>> '{}' = $3`,
    [keyRing.seal(canary, context), settingKey, sealed],
  );
}

async function readCanary(client: LoginConnection): Promise<string | null> {
  const { rows } = await client.query<{ sealed: string }>(
    `select value #>> '{}' as sealed from service_settings where key = $1`,
    [settingKey],
  );
  return rows[0]?.sealed ?? null;
}

/** A database from before there was one may hold credentials already: then these decide whose keys are right. */
async function leaveCanary(
  client: LoginConnection,
  keyRing: KeyRing,
  { rolePrefix }: { readonly rolePrefix: string },
): Promise<string> {
  const grants = await readGrants(client, rolePrefix);
  const opens = (grant: SealedGrant) => {
    try {
      return openCredentials(keyRing, grant, grant.credentials) !== null;
    } catch {
      return false;
    }
  };
  const [first] = grants;
  if (first !== undefined && !grants.some(opens)) throw wrongKeys(keyIdOf(keyRing, first.credentials));
  await client.query(
    'insert into service_settings (key, value) values ($1, to_jsonb($2::text)) on conflict (key) do nothing',
    [settingKey, keyRing.seal(canary, context)],
  );
  // Another process may have been first.
  return (await readCanary(client)) ?? '';
}

interface SealedGrant {
  readonly id: string;
  readonly organizationId: string;
  readonly credentials: string;
}

async function readGrants(client: LoginConnection, rolePrefix: string): Promise<SealedGrant[]> {
  return asWorker<SealedGrant>(
    client,
    rolePrefix,
    `select id, organization_id as "organizationId", credentials from grants where credentials <> ''
     order by refreshed_at desc limit ${grantsTried}`,
  );
}

async function isInUse(
  client: LoginConnection,
  keyId: string,
  { rolePrefix }: { readonly rolePrefix: string },
): Promise<boolean> {
  const statement = `select 1 from (${allSealed}) s where split_part(sealed, ':', 3) = $1 limit 1`;
  return (await asWorker(client, rolePrefix, statement, [keyId])).length > 0;
}

async function asWorker<Row>(
  client: LoginConnection,
  rolePrefix: string,
  statement: string,
  values: unknown[] = [],
): Promise<Row[]> {
  await client.query('begin');
  await client.query(`set local role ${roleNames(rolePrefix).worker}`);
  const { rows } = await client.query<Row>(statement, values);
  await client.query('commit');
  return rows;
}

function openOrNull(keyRing: KeyRing, sealed: string): string | null {
  try {
    return keyRing.open(sealed, context);
  } catch (error) {
    if (error instanceof SecretUnreadableError) return null;
    throw error;
  }
}

function keyIdOf(keyRing: KeyRing, sealed: string): string {
  try {
    return keyRing.keyIdOf(sealed);
  } catch {
    return 'unknown';
  }
}

function wrongKeys(keyId: string): OperatorError {
  return new OperatorError(
    `ENCRYPTION_KEYS cannot open what this database holds: it is sealed under the key named ${keyId}, and that one is missing or another ` +
      'one. Use the keys with which the other processes run, or restore them from the backup: without them every account has to be connected again. ' +
      'A key may go once npm run rotate-keys has ended with 0.',
  );
}
