import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { z } from 'zod';
import type { CoreDependencies } from '../core-dependencies.ts';

const messageColumns = {
  id: column.text,
  organizationId: column.text,
  userId: column.text,
  channel: z.enum(['email', 'webhook']),
  /** The webhook's host; empty for a mail. */
  server: column.text,
  entries: z.array(z.object({ kind: z.string().optional(), title: z.string(), body: z.string() })),
  count: column.number,
  cause: column.text,
  /** This try, counted from 1. */
  attempt: column.number,
};
export type DueMessage = RowOf<typeof messageColumns>;

/** Longer than a try may take: what a dead process held is tried again after it. */
const leaseSeconds = 60;

export interface MessageShares {
  /** Taken at a time. */
  readonly limit: number;
  /** Over one channel. */
  readonly perOrganizationMax: number;
  readonly perServerMax: number;
}

/**
 * Takes messages whose time has come, for this process alone. Those go first whose organization and server have the fewest under way:
 * whoever waits behind slow receivers gets the next place.
 * @param running counts against the shares of its organizations and servers
 */
export async function claimMessages(
  { db }: Pick<CoreDependencies, 'db'>,
  shares: MessageShares,
  running: Iterable<DueMessage>,
): Promise<DueMessage[]> {
  const held = Array.from(running, ({ organizationId, channel, server }) => ({ organizationId, channel, server }));
  return db.asWorker(
    (tx) => queryRows(tx, messageColumns)`
      with held as (
        select * from jsonb_to_recordset(${JSON.stringify(held)}::jsonb) as h("organizationId" text, channel text, server text)
      ), candidates as (
        select m.id, m.due_at, s.server,
          row_number() over (partition by m.organization_id, m.channel order by m.due_at, m.id)
            + (select count(*) from held h where h."organizationId" = m.organization_id and h.channel = m.channel) as of_organization
        from notification_messages m
        left join notification_preferences p on p.organization_id = m.organization_id and p.user_id = m.user_id
        cross join lateral (select case when m.channel = 'webhook' then coalesce(p.webhook_host, '') else '' end as server) s
        where m.due_at <= statement_timestamp() and (m.lease_until is null or m.lease_until < statement_timestamp())
      ), within_organizations as (
        select c.*, case when c.server = '' then 0 else row_number() over (partition by c.server order by c.of_organization, c.due_at, c.id)
          + (select count(*) from held h where h.server = c.server) end as of_server
        from candidates c where c.of_organization <= ${shares.perOrganizationMax}
      ), due as (
        select id, server from within_organizations where of_server <= ${shares.perServerMax}
        order by greatest(of_organization, of_server), due_at limit ${shares.limit}
      ), locked as (
        select m.id, d.server from notification_messages m join due d using (id)
        where m.due_at <= statement_timestamp() and (m.lease_until is null or m.lease_until < statement_timestamp())
        order by m.id for update of m skip locked
      )
      update notification_messages m set status = 'sending', attempts = attempts + 1,
        lease_until = statement_timestamp() + make_interval(secs => ${leaseSeconds}::int)
      from locked where m.id = locked.id
      returning m.id, m.organization_id as "organizationId", m.user_id as "userId", m.channel, locked.server, m.entries, m.count,
        m.cause, m.attempts as attempt`,
  );
}
