import type { CoreDependencies } from '../core-dependencies.ts';
import { newId } from '@vibetribe/db/new-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { sql } from 'drizzle-orm';
import { deniedReadMs, retryReadMs } from './read-schedule.ts';
import type { DueAccount, DueSubject } from './take-due.ts';

/** What was asked for: numbers of posts, or of the account as a whole. */
export type Asked = 'posts' | 'account';

/** Puts off what is asked of an account by `waitMs`. @param isTold by its platform: nobody may ask sooner by hand */
export async function closeAccount(
  tx: Transaction,
  { accountId }: DueAccount,
  { waitMs, isTold }: { readonly waitMs: number; readonly isTold: boolean },
): Promise<void> {
  const until = sql`statement_timestamp() + ${waitMs} * interval '1 millisecond'`;
  await tx.execute(
    isTold
      ? sql`update metric_subjects set due_at = greatest(due_at, ${until}), not_before = ${until} where account_id = ${accountId} and due_at is not null`
      : sql`update metric_subjects set due_at = ${until} where account_id = ${accountId} and due_at < ${until}`,
  );
}

/** Puts off subjects that failed for now, each for longer with every failure in a row. */
export async function noteTrouble(tx: Transaction, subjects: readonly DueSubject[]): Promise<void> {
  const waits = subjects.map(({ subjectId, failures }) => ({ subjectId, waitMs: retryReadMs(failures + 1) }));
  await tx.execute(sql`
    update metric_subjects s set failures = s.failures + 1, due_at = statement_timestamp() + w."waitMs" * interval '1 millisecond'
    from jsonb_to_recordset(${JSON.stringify(waits)}::jsonb) as w("subjectId" bigint, "waitMs" float8) where s.id = w."subjectId"`);
}

/** The post is not there any more: it is marked and asked for no more. Its numbers stay as they were last read. */
export async function markGone(tx: Transaction, subjectIds: readonly number[]): Promise<void> {
  await tx.execute(sql`
    update metric_subjects set state = 'gone', due_at = null where id = any(${sql.param(subjectIds)}::bigint[])`);
}

/** What the account's scopes do not allow is asked about seldom. */
export async function putOffDenied(tx: Transaction, { accountId }: DueAccount, asked: Asked): Promise<void> {
  const which = asked === 'posts' ? sql`publication_id is not null` : sql`publication_id is null`;
  await tx.execute(sql`
    update metric_subjects set due_at = statement_timestamp() + ${deniedReadMs} * interval '1 millisecond',
      not_before = statement_timestamp() + ${deniedReadMs} * interval '1 millisecond'
    where account_id = ${accountId} and ${which} and due_at < statement_timestamp() + ${deniedReadMs} * interval '1 millisecond'`);
}

/**
 * The account's scopes do not allow it, or some of it: its people are told, once until all of it is allowed.
 * @returns whether they were told now
 */
export async function noteDenied(
  tx: Transaction,
  { accountId, organizationId, account, platform }: DueAccount,
  platformName: string,
  { asked, error }: { readonly asked: Asked; readonly error: PlatformError },
): Promise<boolean> {
  const [denied, other] =
    asked === 'posts' ? [sql`posts_denied`, sql`account_denied`] : [sql`account_denied`, sql`posts_denied`];
  const reason = /[.!?]$/u.test(error.message) ? error.message : `${error.message}.`;
  const body = `${platformName} does not give all numbers of ${account.handle} to this connection: ${reason} Connect the account again and allow it.`;
  const title = `No numbers of ${account.handle}`;
  const { rowCount } = await tx.execute(sql`
    with denied as (
      update metric_subjects set ${denied} = ${error.message}
      where account_id = ${accountId} and publication_id is null and ${denied} is null returning ${other} is null as "isFirst"
    ), told as (
      select ${newId('notification')}::text as id, jsonb_build_object('accountId', ${accountId}::text, 'platform', ${platform}::text) as data from denied where "isFirst"
    ), notified as (
      insert into notifications (id, organization_id, kind, title, body, data)
      select id, ${organizationId}, 'account_metrics_denied', ${title}, ${body}, data from told
    )
    insert into events (organization_id, type, message, data)
    select ${organizationId}, 'notification.created', ${title}::text,
      jsonb_build_object('notificationId', id, 'kind', 'account_metrics_denied', 'body', ${body}::text) from told`);
  return (rowCount ?? 0) > 0;
}

/** Takes back the note of a refusal, as the platform gives the numbers now. */
export async function noteAllowed(
  { db }: Pick<CoreDependencies, 'db'>,
  { accountId }: Pick<DueAccount, 'accountId'>,
  asked: Asked,
): Promise<void> {
  const denied = asked === 'posts' ? sql`posts_denied` : sql`account_denied`;
  await db.asWorker((tx) =>
    tx.execute(
      sql`update metric_subjects set ${denied} = null where account_id = ${accountId} and publication_id is null and ${denied} is not null`,
    ),
  );
}
