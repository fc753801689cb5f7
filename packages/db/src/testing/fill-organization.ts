/** What a filled organization has, for those who ask about it. `rare`: five of its posts go there, its oldest. */
export interface FilledOrganization {
  readonly accountId: string;
  readonly rareAccountId: string;
  readonly oldestPostId: string;
  readonly webhookId: string;
  readonly pauseId: string;
}

const accounts = 40;
const eventsOfOldestPost = 300;

/**
 * An organization with so many posts of the last 180 days and what belongs to them, for tests and measurements of what many of them cost: of
 * 100 posts 60 are published, 25 scheduled, 5 failed, 5 drafts, 3 canceled and 2 wait; every tenth goes to a second platform too. What is
 * rare (a status, an account, unread notifications, videos) is among the oldest.
 * Every so many posts (`mediaEvery`) there is a media and a notification.
 * @param sql as the database's owner; it has several statements in one text
 */
export async function fillOrganization(
  sql: (text: string) => Promise<unknown>,
  {
    organizationId,
    posts,
    mediaEvery = 10,
  }: { readonly organizationId: string; readonly posts: number; readonly mediaEvery?: number },
): Promise<FilledOrganization> {
  const id = (kind: string) => `'${kind}_${organizationId}_' || `;
  const org = `'${organizationId}'`;
  const account = `${id('acc')} case when i > ${posts - 5} then 'rare' else (i % ${accounts})::text end`;
  const platform = `case when i > ${posts - 5} then 'mastodon' else 'x' end`;
  await sql(`
    begin;
    -- Without the foreign keys' and other triggers a million rows are there in seconds.
    set local session_replication_role = replica;
    insert into organizations (id, name) values (${org}, 'Filled') on conflict do nothing;
    insert into grants (id, organization_id, platform, credentials, expires_at) values (${id('grt')} '1', ${org}, 'x', '', now() + interval '3 days');
    insert into accounts (id, organization_id, grant_id, platform, external_id, handle, display_name)
    select ${id('acc')} name, ${org}, ${id('grt')} '1', platform, ${id('ext')} name, 'filled', 'Filled'
    from (select i::text as name, 'x' as platform from generate_series(0, ${accounts - 1}) i
      union all values ('rare', 'mastodon'), ('second', 'bluesky')) a;

    create temp table made on commit drop as
    select i, status, reason, created_at, case when status = 'scheduled' then now() + i * interval '90 days' / ${posts}
      when status <> 'draft' then created_at + interval '1 hour' end as scheduled_at
    from (
      select i, now() - interval '2 hours' - i * interval '180 days' / ${posts} as created_at,
        case when i > ${posts - 5} then (array['unconfirmed', 'waiting', 'publishing', 'retrying', 'published'])[${posts} - i + 1]
          when i % 100 < 60 then 'published' when i % 100 < 85 then 'scheduled' when i % 100 < 90 then 'failed'
          when i % 100 < 95 then 'draft' when i % 100 < 98 then 'canceled' else 'waiting' end as status,
        case when i = ${posts - 1} then 'decision' when i <= ${posts - 5} and i % 100 >= 98 then 'paused' end as reason
      from generate_series(1, ${posts}) i) numbered;
    insert into posts (id, organization_id, content, scheduled_at, created_at, updated_at)
    select ${id('pst')} i, ${org}, 'Post ' || i, scheduled_at, created_at, created_at from made;
    insert into publications (id, organization_id, post_id, account_id, platform, status, waiting_reason, scheduled_at, due_at, published_at,
      platform_post_id, post_created_at, created_at, updated_at)
    select ${id('pub')} i || copy, ${org}, ${id('pst')} i,
      case copy when 'a' then ${account} else ${id('acc')} 'second' end, case copy when 'a' then ${platform} else 'bluesky' end,
      case when i = ${posts - 4} and copy = 'b' then 'failed' else status end, reason, scheduled_at,
      case when status = 'scheduled' then scheduled_at end, case when status = 'published' then scheduled_at + interval '2 seconds' end,
      case when status = 'published' then ${id('out')} i || copy end, created_at, created_at,
      case when status in ('published', 'failed') then scheduled_at + interval '2 seconds' else created_at end
    from made cross join (values ('a'), ('b')) c(copy) where copy = 'a' or i % 10 = 0 or i = ${posts - 4};
    insert into events (organization_id, post_id, publication_id, type, message, at)
    select ${org}, ${id('pst')} i, null, type, 'Something happened.', created_at
    from made cross join unnest(array['post.created', 'publication.scheduled', 'publication.published']) type
    union all
    select ${org}, ${id('pst')} ${posts}, ${id('pub')} ${posts} || 'a', 'publication.claimed', 'Something happened.', now()
    from generate_series(1, ${eventsOfOldestPost});
    insert into attempts (id, organization_id, publication_id, account_id, platform, step, number, fence, started_at, ended_at, outcome)
    select ${id('att')} i, ${org}, ${id('pub')} i || 'a', ${account}, ${platform}, 'send', 1, 1, scheduled_at, scheduled_at + interval '1 second', 'published'
    from made where status = 'published';
    insert into audit_entries (organization_id, at, actor, action, target, after)
    select ${org}, created_at, 'system', 'post.created', 'post:' || ${id('pst')} i, '{}' from made order by i desc;
    insert into notifications (id, organization_id, kind, title, body, data, created_at, read_at)
    select ${id('ntf')} i, ${org}, case when i > ${posts - 50} then 'account_needs_reauth' else 'publication_failed' end, 'Title', 'Body',
      jsonb_build_object('accountId', ${account}), created_at, case when i <= ${posts - 50} then created_at end
    from made where i % ${mediaEvery} = 0;
    insert into media_objects (id, organization_id, store, store_key, mime_type, bytes, sha256, facts, stored_at)
    select ${id('obj')} i, ${org}, 'local', ${id('obj')} i, 'image/png', 1000, md5(i::text), '{"kind":"image","animated":false,"alpha":false,"framesPerSecond":null,"codec":null,"audioCodec":null}', created_at
    from made where i % ${mediaEvery} = 0;
    insert into media (id, organization_id, object_id, public_id, kind, mime_type, bytes, sha256, width, height, created_at)
    select ${id('med')} i, ${org}, ${id('obj')} i, ${id('pid')} i, case when i > ${posts - 50} then 'video' else 'image' end, 'image/png', 1000,
      md5(i::text), 1, 1, created_at
    from made where i % ${mediaEvery} = 0;
    insert into webhooks (id, organization_id, url, events, secret_sealed) values (${id('whk')} '1', ${org}, 'https://example.com/', '{notification}', '');
    insert into webhook_deliveries (id, organization_id, webhook_id, sequence, type, payload, status, created_at, delivered_at)
    select ${id('dlv')} i, ${org}, ${id('whk')} '1', i, 'notification', '{}', 'delivered', created_at, created_at from made where i % 2 = 0;
    insert into pauses (id, organization_id, reason) values (${id('pau')} '1', ${org}, 'Filled');
    insert into metric_definitions (platform, metric, source, version) values ('x', 'views', 'filled', '1'), ('x', 'followers', 'filled', '1')
    on conflict do nothing;
    insert into metric_subjects (organization_id, account_id, publication_id, platform, began_at, state, read_at, views, reactions)
    select ${org}, ${account}, ${id('pub')} i || 'a', ${platform}, scheduled_at, 'read', now(), i % 100, i % 10 from made where status = 'published';
    insert into metric_subjects (organization_id, account_id, platform, began_at, state, read_at)
    select ${org}, a.id, a.platform, now() - interval '180 days', 'read', now() from accounts a where a.organization_id = ${org};
    insert into metric_latest (organization_id, subject_id, metric, definition_id, value, captured_at)
    select ${org}, s.id, d.metric, d.id, 100, now() from metric_subjects s join metric_definitions d on d.source = 'filled'
    where s.organization_id = ${org} and (s.publication_id is null) = (d.metric = 'followers');
    insert into metric_snapshots (organization_id, subject_id, definition_id, captured_at, value)
    select ${org}, s.id, d.id, now() - day * interval '1 day', 100 - day
    from metric_subjects s join metric_definitions d on d.source = 'filled' and d.metric = 'followers' cross join generate_series(1, 30) day
    where s.organization_id = ${org} and s.publication_id is null;
    commit`);
  return {
    accountId: `acc_${organizationId}_1`,
    rareAccountId: `acc_${organizationId}_rare`,
    oldestPostId: `pst_${organizationId}_${posts}`,
    webhookId: `whk_${organizationId}_1`,
    pauseId: `pau_${organizationId}_1`,
  };
}
