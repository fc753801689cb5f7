import type { CreatePause, Pause } from '@vibetribe/contracts/pause';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { accounts } from '@vibetribe/db/schema/accounts';
import { pauses } from '@vibetribe/db/schema/service';
import { and, eq } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { DomainError } from '../domain-error.ts';
import { mayUseAccount, requireAllAccounts, requireRight } from '../identity/authorize.ts';
import { actAs } from '../audit/act-as.ts';
import { takePauseLock } from './pause-lock.ts';
import { presentPause } from './pause-row.ts';

/**
 * Stops everything of an account, an organization or the whole service. From the answer on no send begins. Claims look at the pauses. Every
 * send looks once more when its intent is written, under a lock that making a pause takes alone. A send that has begun cannot be called
 * back.
 * @throws DomainError `validation_failed`; `quota_exceeded`: the list of those in force is no longer than somebody reads
 */
export async function createPause(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  input: CreatePause,
): Promise<Pause> {
  requireRight(actor, input.scope === 'service' ? 'service:manage' : 'accounts:manage');
  if (input.scope !== 'account') requireAllAccounts(actor);
  if (input.scope === 'organization' && input.id !== undefined && input.id !== actor.organizationId) {
    throw new DomainError('validation_failed', 'The organization is unknown.', {
      errors: [{ path: 'id', message: 'is not the organization of the request' }],
    });
  }
  const accountId = input.scope === 'account' ? (input.id ?? null) : null;
  // The pause of the whole service belongs to no organization: no tenant could write it.
  return deps.db.asWorker(async (tx) => {
    if (accountId !== null) {
      const [account] = await tx
        .select({ id: accounts.id })
        .from(accounts)
        .where(and(eq(accounts.organizationId, actor.organizationId), eq(accounts.id, accountId)));
      if (account === undefined || !mayUseAccount(actor, account.id)) {
        throw new DomainError('validation_failed', 'The account is unknown.', {
          errors: [{ path: 'id', message: 'is no account of this organization' }],
        });
      }
    }
    const organizationId = input.scope === 'service' ? null : actor.organizationId;
    await actAs(tx, actor.principal);
    await takePauseLock(tx, organizationId);
    await requireRoom(tx, organizationId);
    const [row] = await tx
      .insert(pauses)
      .values({
        id: newId('pause'),
        organizationId,
        accountId,
        reason: input.reason,
        createdBy: actor.principal,
      })
      .returning();
    if (row === undefined) throw new Error('the pause was not written');
    return presentPause(row);
  });
}

const inForceMax = 1_000;

async function requireRoom(tx: Transaction, organizationId: string | null): Promise<void> {
  const [counted] = await queryRows(tx, { count: column.number })`
    select count(*)::int as count from pauses where organization_id is not distinct from ${organizationId} and lifted_at is null`;
  if ((counted?.count ?? 0) >= inForceMax)
    throw new DomainError('quota_exceeded', `${inForceMax} pauses are in force: lift some of them first.`);
}
