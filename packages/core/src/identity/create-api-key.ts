import type { CreateApiKey, CreatedApiKey } from '@vibetribe/contracts/auth';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { accounts } from '@vibetribe/db/schema/accounts';
import { apiKeys } from '@vibetribe/db/schema/identity';
import { hashApiKey, newApiKey } from '@vibetribe/security/api-key';
import { eq, inArray, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { DomainError } from '../domain-error.ts';
import { hasScope, requireRight } from './authorize.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { apiKeyColumns, presentApiKey } from './present-api-key.ts';

/**
 * Makes a key that can do no more than its maker, nor for longer: role, scopes, accounts and end are bounded by the actor's own.
 * The answer is the only place where the key itself is ever seen.
 * @param beforeCommit runs before the commit, so that what it writes stands or falls with the key
 * @throws DomainError `forbidden`, `validation_failed` (an unknown account, a time that has passed), `quota_exceeded`
 */
export async function createApiKey(
  deps: Pick<IdentityDependencies, 'db'>,
  actor: Actor,
  input: CreateApiKey,
  beforeCommit?: (tx: Transaction, created: CreatedApiKey) => Promise<void>,
): Promise<CreatedApiKey> {
  requireRight(actor, 'keys:manage');
  for (const scope of input.scopes) requireGrantable(actor, scope);
  const key = newApiKey();
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    const accountIds = await boundedAccounts(tx, actor, input.accountIds);
    const expiresAt = await boundedEnd(tx, actor, input.expiresAt);
    await requireRoom(tx, actor.organizationId);
    const [row] = await tx
      .insert(apiKeys)
      .values({
        id: newId('apiKey'),
        organizationId: actor.organizationId,
        userId: actor.userId,
        name: input.name,
        keyHash: hashApiKey(key),
        last4: key.slice(-4),
        role: actor.role,
        scopes: [...new Set(input.scopes)],
        accountIds,
        expiresAt,
      })
      .returning({ ...apiKeyColumns, hasExpired: sql<boolean>`coalesce(${apiKeys.expiresAt} <= now(), false)` });
    if (row === undefined) throw new Error('the insert of an API key returned no row');
    if (row.hasExpired) throw fault('expiresAt', 'must lie in the future');
    const created = { ...presentApiKey(row), key };
    await beforeCommit?.(tx, created);
    return created;
  });
}

const keysMax = 1_000;

/** Keys that are revoked or over make room. */
async function requireRoom(tx: Transaction, organizationId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`api keys ${organizationId}`}, 0))`);
  const [counted] = await queryRows(tx, { count: column.number })`
    select count(*)::int as count from api_keys
    where organization_id = ${organizationId} and revoked_at is null and (expires_at is null or expires_at > now())`;
  if ((counted?.count ?? 0) >= keysMax)
    throw new DomainError('quota_exceeded', `The organization has ${keysMax} keys: revoke some of them first.`);
}

function requireGrantable(actor: Actor, scope: CreateApiKey['scopes'][number]): void {
  if (scope === 'ops' && !actor.serviceAdmin) {
    throw new DomainError(
      'forbidden',
      'Only a service admin may give the scope ops: it opens the measurements of the whole service.',
    );
  }
  if (!hasScope(actor, scope))
    throw new DomainError('forbidden', `A key without the scope ${scope} cannot give it away.`);
}

async function boundedAccounts(tx: Transaction, actor: Actor, wanted: string[] | undefined): Promise<string[] | null> {
  if (wanted === undefined) return actor.accountIds === null ? null : [...actor.accountIds];
  const found = await tx.select({ id: accounts.id }).from(accounts).where(inArray(accounts.id, wanted));
  const known = new Set(found.map((account) => account.id));
  const isOpen = (id: string) => known.has(id) && (actor.accountIds === null || actor.accountIds.includes(id));
  const missing = wanted.findIndex((id) => !isOpen(id));
  if (missing !== -1) throw fault(`accountIds.${missing}`, 'There is no such account.');
  return [...new Set(wanted)];
}

/** A key that was given for a time makes none that outlives it. */
async function boundedEnd(tx: Transaction, actor: Actor, wanted: string | undefined): Promise<Date | null> {
  const given = wanted === undefined ? null : new Date(wanted);
  const [kind, id = ''] = actor.principal.split(':', 2);
  const [maker] =
    kind === 'key' ? await tx.select({ endsAt: apiKeys.expiresAt }).from(apiKeys).where(eq(apiKeys.id, id)) : [];
  const endsAt = maker?.endsAt ?? null;
  if (given === null || endsAt === null) return given ?? endsAt;
  if (given > endsAt) throw fault('expiresAt', 'must not be later than the end of the key that makes it');
  return given;
}

function fault(path: string, message: string): DomainError {
  return new DomainError('validation_failed', 'The key cannot be made like this.', { errors: [{ path, message }] });
}
