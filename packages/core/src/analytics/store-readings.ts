import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import type { MetricReading } from '@vibetribe/platforms/port/metrics';
import { sql } from 'drizzle-orm';
import { columnOf, postMetrics } from './present-metrics.ts';

/** What one reading brought of one subject. */
export interface SubjectReading {
  readonly subjectId: number;
  readonly readings: readonly MetricReading[];
  /** The ids that clients are told with an event when a number has changed. */
  readonly about: { readonly postId?: string; readonly publicationId?: string };
  /** When it is asked again: with news, and without. Null: never. */
  readonly nextMs: { readonly changed: number | null; readonly unchanged: number | null };
}

/** More readings than any platform gives. */
const readingsMax = 50;
const valueMax = Number.MAX_SAFE_INTEGER;

/**
 * Writes what an account's platform has given, all or nothing, and when it is asked for next, by the database's clock. A snapshot is kept
 * where a number has changed, of an account as a whole always: its curve has a point each day. Clients are told of what has changed.
 * @returns the subjects of which something has changed
 */
export async function storeReadings(
  tx: Transaction,
  account: { readonly organizationId: string; readonly accountId: string; readonly platform: PlatformId },
  subjects: readonly SubjectReading[],
): Promise<number> {
  const clean = subjects.map((subject) => ({ ...subject, readings: cleanReadings(subject.readings) }));
  const definitions = await definitionIds(
    tx,
    account.platform,
    clean.flatMap(({ readings }) => readings),
  );
  const values = clean.flatMap(({ subjectId, readings }) =>
    readings.map((reading) => ({
      subjectId,
      definitionId: definitions.get(keyOf(reading)),
      metric: reading.metric,
      value: reading.value,
    })),
  );
  const asked = clean.map(({ subjectId, nextMs, about, readings }) => ({
    subjectId,
    about,
    ...nextMs,
    given: Object.fromEntries(readings.map(({ metric, value }) => [metric, value])),
  }));
  const rows = await queryRows(tx, { changed: column.number })`
    with given as (
      select * from jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as t("subjectId" bigint, "definitionId" int, metric text, value float8)
    ), news as (
      select g.* from given g left join metric_latest l on l.subject_id = g."subjectId" and l.metric = g.metric
      where l.subject_id is null or l.value is distinct from g.value or l.definition_id <> g."definitionId"
    ), asked as (
      select t.*, n.metrics is not null as has_changed, n.metrics
      from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as t("subjectId" bigint, about jsonb, changed float8, unchanged float8, given jsonb)
      left join (
        select n."subjectId", jsonb_object_agg(n.metric, n.value) as metrics from news n group by 1) n on n."subjectId" = t."subjectId"
    ), subjects as (
      update metric_subjects s set read_at = statement_timestamp(), failures = 0,
        unchanged = case when a.has_changed then 0 else s.unchanged + 1 end,
        due_at = statement_timestamp() + case when a.has_changed then a.changed else a.unchanged end * interval '1 millisecond',
        state = case when case when a.has_changed then a.changed else a.unchanged end is null then 'ended' else 'read' end,
        ${lastNumbers}
      from asked a where s.id = a."subjectId"
      returning s.id, s.publication_id is null as is_own
    ), kept as (
      insert into metric_snapshots (organization_id, subject_id, definition_id, captured_at, value)
      select ${account.organizationId}, g."subjectId", g."definitionId", statement_timestamp(), g.value
      from given g join subjects s on s.id = g."subjectId"
      where s.is_own or exists (select 1 from news n where n."subjectId" = g."subjectId" and n.metric = g.metric)
      on conflict do nothing
    ), latest as (
      insert into metric_latest (organization_id, subject_id, metric, definition_id, value, captured_at)
      select ${account.organizationId}, g."subjectId", g.metric, g."definitionId", g.value, statement_timestamp() from given g
      join subjects s on s.id = g."subjectId"
      on conflict (subject_id, metric) do update set definition_id = excluded.definition_id, value = excluded.value, captured_at = excluded.captured_at
    ), told as (
      insert into events (organization_id, type, message, data)
      select ${account.organizationId}, 'analytics.updated', 'The platform gave new numbers.',
        a.about || jsonb_build_object('accountId', ${account.accountId}::text, 'metrics', a.metrics)
      from asked a join subjects s on s.id = a."subjectId" where a.has_changed
    )
    select count(*)::int as changed from asked where has_changed`;
  return rows[0]?.changed ?? 0;
}

/** A number that the platform did not tell this time stays as it was. */
const lastNumbers = sql.join(
  postMetrics.map(
    (metric) =>
      sql`${columnOf(metric)} = case when a.given ? ${metric} then (a.given ->> ${metric})::float8 else s.${columnOf(metric)} end`,
  ),
  sql`, `,
);

/** Keeps what can be stored: the numbers may come from a server that anybody runs. The first of two for one metric counts. */
function cleanReadings(readings: readonly MetricReading[]): MetricReading[] {
  const byMetric = new Map<string, MetricReading>();
  for (const reading of readings.slice(0, readingsMax)) {
    const { value } = reading;
    const isNumber = value !== null && Number.isFinite(value) && value >= 0 && value <= valueMax;
    if (!byMetric.has(reading.metric)) byMetric.set(reading.metric, { ...reading, value: isNumber ? value : null });
  }
  return [...byMetric.values()];
}

/** Makes the definitions that are not known yet. Writing known ones again would use up ids. */
async function definitionIds(
  tx: Transaction,
  platform: PlatformId,
  readings: readonly MetricReading[],
): Promise<Map<string, number>> {
  const named = new Map(readings.map((reading) => [keyOf(reading), reading]));
  const wanted = JSON.stringify(
    [...named.values()].map(({ metric, source, definitionVersion }) => ({
      metric,
      source,
      version: definitionVersion,
    })),
  );
  const read = () => queryRows(tx, {
    id: column.number,
    metric: column.text,
    source: column.text,
    version: column.text,
  })`
    select d.id, d.metric, d.source, d.version
    from jsonb_to_recordset(${wanted}::jsonb) as w(metric text, source text, version text)
    join metric_definitions d on d.platform = ${platform} and d.metric = w.metric and d.source = w.source and d.version = w.version`;
  let known = await read();
  if (known.length < named.size) {
    await tx.execute(sql`
      insert into metric_definitions (platform, metric, source, version)
      select ${platform}, w.metric, w.source, w.version
      from jsonb_to_recordset(${wanted}::jsonb) as w(metric text, source text, version text)
      where not exists (select 1 from metric_definitions d
        where d.platform = ${platform} and d.metric = w.metric and d.source = w.source and d.version = w.version)
      on conflict do nothing`);
    known = await read();
  }
  return new Map(
    known.map(({ id, metric, source, version }) => [keyOf({ metric, source, definitionVersion: version }), id]),
  );
}

function keyOf({
  metric,
  source,
  definitionVersion,
}: Omit<MetricReading, 'value' | 'metric'> & { metric: string }): string {
  return JSON.stringify([metric, source, definitionVersion]);
}
