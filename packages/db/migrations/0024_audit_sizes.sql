-- An entry keeps the beginning of what is long: whoever changes a large post again and again fills no disk with copies of it.
create function audit_value(value jsonb) returns jsonb
  language sql immutable parallel safe
  return case
    when jsonb_typeof(value) = 'string' and length(value #>> '{}') > 300 then to_jsonb(left(value #>> '{}', 300) || '…')
    when octet_length(value::text) > 8000 then to_jsonb(left(value::text, 300) || '…')
    else value
  end;

create function audit_values(given jsonb) returns jsonb
  language sql immutable parallel safe
  return (select jsonb_object_agg(key, audit_value(value)) from jsonb_each(given));

create or replace function audit_change() returns trigger language plpgsql as $$
declare
  kind text := tg_argv[0];
  was jsonb := '{}';
  is_now jsonb := '{}';
  row_of jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
  shown text;
  verb text := case tg_op when 'INSERT' then 'created' when 'UPDATE' then 'updated' else 'deleted' end;
begin
  for position in 2 .. tg_nargs - 1 loop
    shown := tg_argv[position];
    if tg_op <> 'INSERT' then was := was || jsonb_build_object(shown, to_jsonb(old) -> shown); end if;
    if tg_op <> 'DELETE' then is_now := is_now || jsonb_build_object(shown, to_jsonb(new) -> shown); end if;
  end loop;
  if was = is_now then return null; end if;
  if was ->> 'deleted_at' is null and is_now ->> 'deleted_at' is not null then verb := 'deleted'; end if;
  if was ->> 'revoked_at' is null and is_now ->> 'revoked_at' is not null then verb := 'revoked'; end if;
  if tg_op = 'UPDATE' then
    select jsonb_object_agg(key, value), jsonb_object_agg(key, is_now -> key) into was, is_now
    from jsonb_each(was) where value is distinct from is_now -> key;
  end if;
  -- Where the organization itself is being deleted its entries go with it.
  insert into audit_entries (organization_id, actor, action, target, before, after)
  select o.id, coalesce(current_principal(), 'system'), kind || '.' || verb, kind || ':' || (row_of ->> tg_argv[1]),
    case when tg_op = 'INSERT' then null else audit_values(was) end, case when tg_op = 'DELETE' then null else audit_values(is_now) end
  from organizations o where o.id = row_of ->> 'organization_id';
  return null;
end
$$;
