import type {
  CreatedWebhook,
  CreateWebhook,
  RotatedWebhook,
  UpdateWebhook,
  Webhook,
} from '@vibetribe/contracts/webhook';
import type { Transaction } from '@vibetribe/db/connect-database';
import { isoInstant } from '@vibetribe/db/iso-instant';
import { newId } from '@vibetribe/db/new-id';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { DomainError, notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import { findWebhook, presentWebhook, webhookColumns, webhookSelection } from './webhook-row.ts';
import { requireAddress } from './webhook-address.ts';
import { newWebhookSecret, sealWebhookSecret } from './webhook-secret.ts';

export interface WebhookDependencies extends Pick<CoreDependencies, 'db' | 'keyRing'> {
  /** The operator lets these through although they are not public. */
  readonly isAllowedHost: (host: string, port: number) => Promise<boolean>;
}

const webhooksPerOrganizationMax = 50;
/** How long the secret before still signs, hours. */
const previousHours = 24;

/**
 * Makes a webhook: it is sent what happens from now on. The answer is the only place where its secret is seen.
 * @param beforeCommit runs before the commit, so that what it writes stands or falls with the webhook
 * @throws DomainError `validation_failed`, `quota_exceeded`
 */
export async function createWebhook(
  deps: WebhookDependencies,
  actor: Actor,
  input: CreateWebhook,
  beforeCommit?: (tx: Transaction, created: CreatedWebhook) => Promise<void>,
): Promise<CreatedWebhook> {
  requireRight(actor, 'webhooks:manage');
  await requireAddress(deps, input.url, 'url');
  const place = { id: newId('webhook'), organizationId: actor.organizationId };
  const secret = newWebhookSecret();
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`webhooks ${actor.organizationId}`}, 0))`);
    const [counted] = await queryRows(tx, { count: column.number })`
      select count(*)::int as count from webhooks where organization_id = ${actor.organizationId}`;
    if ((counted?.count ?? 0) >= webhooksPerOrganizationMax)
      throw new DomainError('quota_exceeded', `An organization has at most ${webhooksPerOrganizationMax} webhooks.`);
    const [row] = await queryRows(tx, webhookColumns)`
      insert into webhooks as w (id, organization_id, url, description, events, secret_sealed)
      values (${place.id}, ${place.organizationId}, ${input.url}, ${input.description ?? null},
        ${sql.param([...new Set(input.events)])}::text[], ${sealWebhookSecret(deps.keyRing, place, secret)})
      returning ${webhookSelection}`;
    if (row === undefined) throw new Error('the webhook was not written');
    const created = { ...presentWebhook(row), secret };
    await beforeCommit?.(tx, created);
    return created;
  });
}

/** Oldest first; there are never many. */
export async function listWebhooks(deps: Pick<CoreDependencies, 'db'>, actor: Actor): Promise<Webhook[]> {
  requireRight(actor, 'webhooks:manage');
  const rows = await deps.db.asTenant(
    actor.organizationId,
    (tx) => queryRows(tx, webhookColumns)`
      select ${webhookSelection} from webhooks w where w.organization_id = ${actor.organizationId} order by w.id`,
  );
  return rows.map(presentWebhook);
}

/** @throws DomainError `not_found` */
export async function getWebhook(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  { webhookId }: { readonly webhookId: string },
): Promise<Webhook> {
  requireRight(actor, 'webhooks:manage');
  return deps.db.asTenant(actor.organizationId, (tx) => findWebhook(tx, actor, webhookId));
}

/** @throws DomainError `not_found`, `validation_failed` */
export async function updateWebhook(
  deps: WebhookDependencies,
  actor: Actor,
  { webhookId, change }: { readonly webhookId: string; readonly change: UpdateWebhook },
): Promise<Webhook> {
  requireRight(actor, 'webhooks:manage');
  if (change.url !== undefined) await requireAddress(deps, change.url, 'url');
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    const before = await findWebhook(tx, actor, webhookId, sql`for update`);
    const after = { ...before, ...change };
    const [row] = await queryRows(tx, webhookColumns)`
      update webhooks w set url = ${after.url}, description = ${after.description},
        events = ${sql.param([...new Set(after.events)])}::text[],
        disabled_at = case when ${after.enabled} then null else coalesce(disabled_at, clock_timestamp()) end,
        disabled_because = case when ${after.enabled} then null else coalesce(disabled_because, 'by_hand') end,
        updated_at = clock_timestamp()
      where w.organization_id = ${actor.organizationId} and w.id = ${webhookId}
      returning ${webhookSelection}`;
    if (row === undefined) throw notFound('webhook');
    return presentWebhook(row);
  });
}

/** Deletes it and its deliveries; what is being sent at this moment may still arrive. @throws DomainError `not_found` */
export async function deleteWebhook(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  { webhookId }: { readonly webhookId: string },
): Promise<void> {
  requireRight(actor, 'webhooks:manage');
  const { rowCount } = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx.execute(sql`delete from webhooks where organization_id = ${actor.organizationId} and id = ${webhookId}`),
  );
  if (rowCount !== 1) throw notFound('webhook');
}

/** Gives it a new secret; for a day messages carry the signatures of both. @throws DomainError `not_found` */
export async function rotateWebhookSecret(
  deps: Pick<CoreDependencies, 'db' | 'keyRing'>,
  actor: Actor,
  { webhookId }: { readonly webhookId: string },
): Promise<RotatedWebhook> {
  requireRight(actor, 'webhooks:manage');
  const secret = newWebhookSecret();
  const sealed = sealWebhookSecret(deps.keyRing, { id: webhookId, organizationId: actor.organizationId }, secret);
  const [row] = await deps.db.asTenant(
    actor.organizationId,
    (tx) => queryRows(tx, { previousUntil: column.text })`
      update webhooks set previous_secret_sealed = secret_sealed, secret_sealed = ${sealed},
        previous_until = clock_timestamp() + make_interval(hours => ${previousHours}::int), updated_at = clock_timestamp()
      where organization_id = ${actor.organizationId} and id = ${webhookId}
      returning ${isoInstant('previous_until')} as "previousUntil"`,
  );
  if (row === undefined) throw notFound('webhook');
  return { secret, previousUntil: row.previousUntil };
}
