-- Everything that a person may write of a post: the parts after the first, its media's texts and its time zone too.
drop trigger audit on posts;
create trigger audit after insert or update on posts
  for each row when (current_principal() is not null)
  execute function audit_change('post', 'id', 'content', 'thread', 'media_ids', 'media_alts', 'scheduled_at', 'timezone', 'priority', 'misfire', 'deleted_at');

-- An account that was added to a post, or taken off it; those that a post is made with stand on its timeline.
create function audit_account_of_post() returns trigger language plpgsql as $$
declare
  row_of jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
  told jsonb := jsonb_build_object('post_id', row_of -> 'post_id', 'account_id', row_of -> 'account_id');
begin
  if tg_op = 'INSERT' and exists (select 1 from posts where id = row_of ->> 'post_id' and created_at = now()) then return null; end if;
  insert into audit_entries (organization_id, actor, action, target, before, after)
  select o.id, current_principal(), case tg_op when 'INSERT' then 'publication.created' else 'publication.deleted' end,
    'publication:' || (row_of ->> 'id'), case when tg_op = 'DELETE' then told end, case when tg_op = 'INSERT' then told end
  from organizations o where o.id = row_of ->> 'organization_id';
  return null;
end
$$;
create trigger audit_account after insert or delete on publications
  for each row when (current_principal() is not null)
  execute function audit_account_of_post();
