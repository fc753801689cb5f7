import type { CreatePause, Pause } from '@vibetribe/contracts/pause';
import { newId } from '@vibetribe/db/new-id';
import { accounts } from '@vibetribe/db/schema/accounts';
import { pauses } from '@vibetribe/db/schema/service';
import { and, eq } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { DomainError } from '../domain-error.ts';
import { mayUseAccount, requireAllAccounts, requireRight } from '../identity/authorize.ts';
import { takePauseLock } from './pause-lock.ts';
import { presentPause } from './pause-row.ts';

/**
 * Stops everything of an account, an organization or the whole service. From the answer on no send begins. Claims look at the pauses. Every
 * send looks once more when its intent is written, under a lock that making a pause takes alone. A send that has begun cannot be called
 * back.
 */
export async function createPause(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  input: CreatePause,
): Promise<Pause> {
  requireRight(actor, input.scope === 'service' ? 'service:manage' : 'accounts:manage');
  if (input.scope !== 'account') requireAllAccounts(actor);
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
    await takePauseLock(tx, organizationId);
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
