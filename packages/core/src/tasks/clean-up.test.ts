import { describe, expect, test } from 'vitest';
import { runCleanUp, type Retention } from './clean-up.ts';
import { hourMs, harness, actor } from './test-tasks.ts';

const retention: Retention = {
  readNotificationDays: 30,
  unreadNotificationDays: 90,
  eventDays: 90,
  endedSessionDays: 7,
  auditDays: 90,
  metricDays: 730,
};

describe('the clean-up', () => {
  test('deletes what nobody can use any more, and nothing that somebody can', async () => {
    const { organizationId, userId } = actor;
    const { accountId } = await harness.addXAccount(actor, 'kept', hourMs);
    const ended = await harness.addPublication(actor, accountId, { status: 'published' });
    const coming = await harness.addPublication(actor, accountId, { status: 'scheduled' });
    await harness.sql('delete from events');
    const old = `now() - interval '91 days'`;
    for (const id of [ended, coming]) {
      await harness.sql(
        `insert into events (organization_id, post_id, publication_id, type, message, at)
         select organization_id, post_id, id, 'publication.scheduled', 'told', ${old} from publications where id = $1`,
        [id],
      );
    }
    await harness.sql(
      `insert into events (organization_id, type, message, at) values ($1, 'token.refreshed', 'old', ${old}), ($1, 'token.refreshed', 'new', now())`,
      [organizationId],
    );
    await harness.sql(
      `insert into notifications (id, organization_id, kind, title, body, created_at, read_at) values
        ('ntf_1' || $1, $1, 'k', 't', 'b', now() - interval '31 days', now()), ('ntf_2' || $1, $1, 'k', 't', 'b', now() - interval '31 days', null),
        ('ntf_3' || $1, $1, 'k', 't', 'b', now() - interval '91 days', null)`,
      [organizationId],
    );
    await harness.sql(
      `insert into idempotency_keys (organization_id, principal, route, key, body_hash, state, locked_until, created_at) values
        ($1, 'p', 'r', 'old', 'h', 'done', now() - interval '1 day', now() - interval '25 hours'),
        ($1, 'p', 'r', 'new', 'h', 'done', now(), now() - interval '23 hours')`,
      [organizationId],
    );
    await harness.sql(
      `insert into oauth_states (state_hash, organization_id, platform, code_verifier, expires_at) values
        ('old' || $1, $1, 'x', 'v', now() - interval '1 s'), ('new' || $1, $1, 'x', 'v', now() + interval '1 min')`,
      [organizationId],
    );
    await harness.sql(
      `insert into invitations (id, organization_id, email, role, token_hash, invited_by, expires_at) values
        ('old' || $1, $1, 'old', 'viewer', 'old', 'system', now() - interval '1 s'), ('new' || $1, $1, 'new', 'viewer', 'new', 'system', now() + interval '1 d')`,
      [organizationId],
    );
    await harness.sql(
      `insert into live_tickets (token_hash, organization_id, expires_at) values ('old' || $1, $1, now() - interval '1 s')`,
      [organizationId],
    );
    await harness.sql(
      `insert into sessions (id, family_id, user_id, organization_id, token_hash, expires_at, used_at) values
        ('old' || $1, 'f', $1, $2, 'old' || $1, now() - interval '8 days', null), ('used' || $1, 'f', $1, $2, 'used' || $1, now() + interval '1 day', now())`,
      [userId, organizationId],
    );
    await harness.sql(
      `insert into mails (id, kind, recipient, sealed, status, next_attempt_at, expires_at, created_at) values
        ('old' || $1, 'k', 'r', '', 'sent', null, now(), now() - interval '31 days'), ('new' || $1, 'k', 'r', '', 'sent', null, now(), now() - interval '29 days')`,
      [organizationId],
    );
    await harness.sql(
      `insert into mailed_links (token_hash, purpose, email, expires_at) values
        ('old' || $1, 'password_reset', 'r', now()), ('new' || $1, 'password_reset', 'r', now() + interval '1 hour')`,
      [organizationId],
    );
    await harness.sql(
      `insert into audit_entries (organization_id, at, actor, action, target) values
        ($1, now() - interval '91 days', 'system', 'a', 't'), ($1, now() - interval '89 days', 'system', 'a', 't')`,
      [organizationId],
    );
    await harness.sql(
      `with used as (
         insert into grants (id, organization_id, platform, service, credentials) values ('used' || $1, $1, 'mastodon', 'https://used.example', ''))
       insert into server_clients (id, platform, server, client_sealed, created_at) values
         ('used', 'mastodon', 'https://used.example', '', ${old}), ('ours', 'bluesky', '', '', ${old}),
         ('old', 'mastodon', 'https://unused.example', '', ${old}), ('new', 'mastodon', 'https://new.example', '', now())`,
      [organizationId],
    );
    await harness.sql(
      `with off as (
         insert into webhooks (id, organization_id, url, events, secret_sealed, disabled_at) values ('off' || $1, $1, 'u', '{}', '', now()) returning id)
       insert into webhook_deliveries (id, organization_id, webhook_id, sequence, type, payload, next_attempt_at, created_at)
       select name || $1, $1, 'off' || $1, row_number() over (), 't', '{}', due, ${old} from (values ('old', ${old}), ('tried', now())) as d(name, due)`,
      [organizationId],
    );
    expect(await runCleanUp(harness.core, retention)).toEqual({
      notifications: 2,
      idempotencyKeys: 1,
      oauthStates: 1,
      liveTickets: 1,
      invitations: 1,
      sessions: 1,
      webhookDeliveries: 1,
      serverClients: 1,
      mails: 1,
      notificationMessages: 0,
      outages: 0,
      mailedLinks: 1,
      auditEntries: 1,
      metricSnapshots: 0,
      linkCards: 0,
      events: 2,
    });
    const [hole] = await harness.sql<{ told: boolean }>(
      `select cleaned_to = (select max(id) from events where message = 'new') - 1 as told from event_log`,
    );
    expect(hole?.told).toBe(true);
    expect(await harness.sql('select message from events order by id')).toEqual([
      { message: 'told' },
      { message: 'new' },
    ]);
    expect(await harness.sql("select publication_id from events where message = 'told'")).toEqual([
      { publication_id: coming },
    ]);
    expect(await runCleanUp(harness.core, retention)).toEqual({
      notifications: 0,
      idempotencyKeys: 0,
      oauthStates: 0,
      liveTickets: 0,
      invitations: 0,
      sessions: 0,
      webhookDeliveries: 0,
      serverClients: 0,
      mails: 0,
      notificationMessages: 0,
      outages: 0,
      mailedLinks: 0,
      auditEntries: 0,
      metricSnapshots: 0,
      linkCards: 0,
      events: 0,
    });
  });

  test('told to stop it deletes nothing more', async () => {
    await harness.sql(
      `insert into live_tickets (token_hash, organization_id, expires_at) values ('stop', $1, now() - interval '1 s')`,
      [actor.organizationId],
    );
    expect(await runCleanUp(harness.core, retention, AbortSignal.abort())).toMatchObject({ liveTickets: 0 });
    expect(await runCleanUp(harness.core, retention)).toMatchObject({ liveTickets: 1 });
  });

  test('passes more than one batch', async () => {
    await harness.sql('delete from events');
    await harness.sql(
      `insert into events (organization_id, type, message, at) select $1, 'token.refreshed', 'old', now() - interval '100 days' from generate_series(1, 4500)`,
      [actor.organizationId],
    );
    expect(await runCleanUp(harness.core, retention)).toMatchObject({ events: 4_500 });
  });
});
