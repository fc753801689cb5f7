import type pg from 'pg';
import { vi } from 'vitest';

export interface ReadStatement {
  readonly asked: string;
  readonly sql: string;
  /** Of all tables and indexes that it read, those that were filtered out too. */
  readonly rows: number;
  /** Large tables that it read from end to end, or up to all of them to look up a few rows in what it read. */
  readonly scanned: readonly string[];
}

/** They grow with an organization's posts. */
const largeTables = new Set([
  'posts',
  'publications',
  'events',
  'attempts',
  'notifications',
  'audit_entries',
  'media',
  'media_objects',
  'webhook_deliveries',
  'metric_subjects',
  'metric_snapshots',
  'metric_latest',
]);

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Subplan Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

/** Before each statement that only reads, its plan is asked for where it is about to run: with its role, settings and values. */
export function explainReads(client: pg.Client, tell: (statement: Omit<ReadStatement, 'asked'>) => void): void {
  const query = Reflect.get(client, 'query') as (
    ...args: unknown[]
  ) => Promise<pg.QueryResult<{ 'QUERY PLAN': [{ Plan: Plan }] }>>;
  vi.spyOn(client, 'query').mockImplementation(function (this: unknown, ...args: unknown[]) {
    const [config, values] = args as [string | pg.QueryConfig, unknown[] | undefined];
    const sql = typeof config === 'string' ? config : config.text;
    const given = (typeof config === 'string' ? undefined : config.values) ?? values;
    if (typeof sql !== 'string' || !onlyReads(sql)) return query.apply(this, args);
    // A few thousand rows are sooner read from end to end; what counts is whether it can be done otherwise, as where there are many.
    const explained = query
      .apply(this, [withIndexes('off')])
      .then(() => query.apply(this, [`explain (analyze, verbose, format json, timing off) ${sql}`, given]))
      .then(async (plans) => {
        await query.apply(this, [withIndexes('on')]);
        return plans;
      });
    return explained.then(
      ({ rows }) => {
        const plan = rows[0]?.['QUERY PLAN'][0].Plan;
        if (plan !== undefined) tell({ sql, rows: rowsOf(plan), scanned: [...scannedIn(plan), ...hashedIn(plan)] });
        return query.apply(this, args);
      },
      () => query.apply(this, args),
    );
  } as never);
}

function withIndexes(others: 'on' | 'off'): string {
  return ['seqscan', 'hashjoin', 'mergejoin'].map((way) => `set enable_${way} = ${others}`).join('; ');
}

function onlyReads(sql: string): boolean {
  return (
    /^\s*(select|with)\b/i.test(sql) && !/\b(insert into|update|delete from|set_config|advisory|nextval)\b/i.test(sql)
  );
}

function rowsOf(plan: Plan): number {
  const own =
    plan['Relation Name'] === undefined
      ? 0
      : (plan['Actual Rows'] ?? 0) +
        (plan['Rows Removed by Filter'] ?? 0) +
        (plan['Rows Removed by Index Recheck'] ?? 0);
  return own * (plan['Actual Loops'] ?? 1) + (plan.Plans ?? []).reduce((sum, inner) => sum + rowsOf(inner), 0);
}

function scannedIn(plan: Plan): string[] {
  const table = plan['Relation Name'] ?? '';
  const own = plan['Node Type'] === 'Seq Scan' && plan['Actual Loops'] !== 0 && largeTables.has(table) ? [table] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scannedIn)];
}

/** Of an `exists` the planner may make a table of everything that it could be true of. It grows, however few rows are looked up in it. */
function hashedIn(plan: Plan): string[] {
  const names = new Set([...JSON.stringify(plan).matchAll(/hashed (SubPlan \d+)/g)].map(([, name]) => name));
  return allOf(plan)
    .filter((node) => names.has(node['Subplan Name']))
    .flatMap((node) => allOf(node).map((inner) => inner['Relation Name'] ?? ''))
    .filter((table) => largeTables.has(table))
    .map((table) => `${table} in a hashed sub-plan`);
}

function allOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(allOf)];
}
