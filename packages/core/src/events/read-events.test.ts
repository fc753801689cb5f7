import { connectDatabase } from '@vibetribe/db/connect-database';
import { openMigratedDatabase, type MigratedDatabase } from '@vibetribe/db/testing/migrated-database';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isKept, readEvents, readHorizon, readPosition, type LoggedEvent } from './read-events.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await openMigratedDatabase(inject('postgresUrl'));
  await database.sql(`insert into organizations (id, name) values ('org_1', 'One'), ('org_2', 'Two')`);
});
afterAll(() => database[Symbol.asyncDispose]());

const insert = `insert into events (organization_id, type, message) select 'org_1', 'token.refreshed', 'm' from generate_series(1, $1::int) returning id::float8 as id`;

/** Reads on from the log's end, as the feed does. */
async function startFollower(): Promise<{ look(): Promise<void>; readonly ids: number[] }> {
  let position = await database.db.asWorker(readHorizon);
  const ids: number[] = [];
  return {
    ids,
    async look() {
      const { events } = await database.db.asWorker((tx) => readEvents(tx, { afterId: position, limit: 5 }));
      ids.push(...events.map(({ cursor }) => cursor.id));
      position = events.at(-1)?.cursor.id ?? position;
    },
  };
}

async function lookToEnd(follower: { look(): Promise<void>; readonly ids: number[] }): Promise<void> {
  for (let before = -1; before < follower.ids.length;) {
    before = follower.ids.length;
    await follower.look();
  }
}

const writersMax = 4;
type Act =
  | { readonly what: 'insert'; readonly writer: number; readonly count: number }
  | { readonly what: 'undo' | 'commit' | 'rollback'; readonly writer: number }
  | { readonly what: 'look' };

const writer = fc.nat({ max: writersMax - 1 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('insert' as const), writer, count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('undo' as const, 'rollback' as const), writer }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('commit' as const), writer }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('look' as const) }) },
);

/** Carries the acts out one after the other; answers what was committed and what a follower has seen of it. */
async function play(acts: readonly Act[]): Promise<{ committed: number[]; seen: number[] }> {
  await using clients = new AsyncDisposableStack();
  const writers = await Promise.all(
    Array.from({ length: writersMax }, async () => {
      const client = clients.adopt(new pg.Client({ connectionString: database.url }), (opened) => opened.end());
      await client.connect();
      return { client, isOpen: false, ids: new Array<number>() };
    }),
  );
  const follower = await startFollower();
  const committed: number[] = [];
  const carryOut = async (next: Act) => {
    if (next.what === 'look') return follower.look();
    const one = writers[next.writer];
    if (one === undefined || (next.what !== 'insert' && !one.isOpen)) return;
    if (!one.isOpen) await one.client.query('begin');
    one.isOpen = next.what === 'insert' || next.what === 'undo';
    if (next.what === 'insert') {
      const { rows } = await one.client.query<{ id: number }>(insert, [next.count]);
      one.ids.push(...rows.map(({ id }) => id));
    } else if (next.what === 'undo') {
      await one.client.query('savepoint here');
      await one.client.query(insert, [1]);
      await one.client.query('rollback to savepoint here');
    } else {
      await one.client.query(next.what);
      if (next.what === 'commit') committed.push(...one.ids);
      one.ids = [];
    }
  };
  for (const next of acts) await carryOut(next);
  for (const index of writers.keys()) await carryOut({ what: 'commit', writer: index });
  await lookToEnd(follower);
  return { committed: committed.toSorted((one, other) => one - other), seen: follower.ids };
}

describe('a follower of the log', () => {
  test('sees what was committed, in order and once, however transactions are held open, undone and ended around its looks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
        const { committed, seen } = await play(acts);
        expect(seen).toEqual(committed);
      }),
      { numRuns: 40 },
    );
  });

  test('misses events where writers do not say that they write', { timeout: 60_000 }, async () => {
    await database.sql('alter table events disable trigger register_event_writer');
    try {
      const { committed, seen } = await play([
        { what: 'insert', writer: 0, count: 1 },
        { what: 'insert', writer: 1, count: 1 },
        { what: 'commit', writer: 1 },
        { what: 'look' },
      ]);
      expect([committed.length, seen.length]).toEqual([2, 1]);
    } finally {
      await database.sql('alter table events enable trigger register_event_writer');
    }
  });

  test('sees them while many write at once', async () => {
    const follower = await startFollower();
    const committed: number[] = [];
    let working = 6;
    const write = async (index: number) => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      for (let turn = 0; turn < 150; turn += 1) {
        await client.query('begin');
        const { rows } = await client.query<{ id: number }>(insert, [1 + ((turn + index) % 3)]);
        if (turn % 5 === index) await client.query('rollback');
        else {
          await client.query('commit');
          committed.push(...rows.map(({ id }) => id));
        }
      }
      working -= 1;
      await client.end();
    };
    const follow = async () => {
      while (working > 0) await follower.look();
    };
    await Promise.all([follow(), ...Array.from({ length: working }, (_, index) => write(index))]);
    await lookToEnd(follower);
    expect(follower.ids).toEqual(committed.toSorted((one, other) => one - other));
  });

  test('is told whether committed events wait for a writer, and only for a writer', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const position = await database.db.asWorker(readHorizon);
    const isHeldUp = async () =>
      (await database.db.asWorker((tx) => readEvents(tx, { afterId: position, limit: 10 }))).isHeldUp;
    await client.query('begin');
    await client.query(`update organizations set name = 'Open' where id = 'org_2'`);
    await database.sql(insert, [1]);
    expect(await isHeldUp()).toBe(false);
    await client.query(insert, [1]);
    await database.sql(insert, [1]);
    expect(await isHeldUp()).toBe(true);
    await client.query('rollback');
    expect(await isHeldUp()).toBe(false);
    await client.end();
  });

  test('works beyond the 32 bits of a lock, and across their ends', async () => {
    for (const power of [2 ** 31, 2 ** 32, 2 ** 33, 2 ** 40]) {
      await database.sql(`alter table events alter column id restart with ${power - 3}`);
      const { committed, seen } = await play([
        { what: 'insert', writer: 0, count: 1 },
        { what: 'insert', writer: 1, count: 3 },
        { what: 'look' },
        { what: 'commit', writer: 1 },
        { what: 'look' },
        { what: 'insert', writer: 2, count: 1 },
        { what: 'commit', writer: 0 },
        { what: 'look' },
      ]);
      expect(committed).toHaveLength(5);
      expect(seen).toEqual(committed);
    }
  });

  test('is refused in a transaction whose snapshot is older than its statements, which ours never are', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('begin isolation level repeatable read');
    await expect(client.query('select event_horizon()')).rejects.toThrow('read committed');
    await client.query('rollback');
    const name = pg.escapeIdentifier(new URL(database.url).pathname.slice(1));
    await client.query(`alter database ${name} set default_transaction_isolation = 'repeatable read'`);
    await client.end();
    await using stricter = connectDatabase({
      databaseUrl: database.url,
      poolMax: 1,
      poolMin: 0,
      applicationName: 'test',
      onError: () => undefined,
    });
    expect(await stricter.asWorker(readHorizon)).toBeGreaterThanOrEqual(0);
    await database.sql(`alter database ${name} reset default_transaction_isolation`);
  });
});

describe('a position', () => {
  const asTenant = <Result>(work: Parameters<typeof database.db.asTenant<Result>>[1]) =>
    database.db.asTenant('org_1', work);
  const lastEvent = async (): Promise<LoggedEvent> => {
    const position = await database.db.asWorker(readHorizon);
    await database.sql(insert, [1]);
    const { events } = await asTenant((tx) => readEvents(tx, { afterId: position, limit: 10 }));
    const [event] = events;
    if (event === undefined) throw new Error('the event is missing');
    return event;
  };

  test("is the organization's last event, or the log's end where it has none", async () => {
    const { cursor } = await lastEvent();
    await database.sql(insert.replace('org_1', 'org_2'), [1]);
    const horizon = await database.db.asWorker(readHorizon);
    expect(await asTenant((tx) => readPosition(tx, 'org_1', horizon))).toEqual(cursor);
    expect(await database.db.asTenant('org_none', (tx) => readPosition(tx, 'org_none', horizon))).toEqual({
      id: horizon,
      check: null,
    });
  });

  test('is good as long as its event is there, is the same and is the own', async () => {
    const { cursor } = await lastEvent();
    expect(await asTenant((tx) => isKept(tx, cursor))).toBe(true);
    expect(await asTenant((tx) => isKept(tx, { ...cursor, check: (cursor.check ?? 0) + 1 }))).toBe(false);
    expect(await database.db.asTenant('org_2', (tx) => isKept(tx, cursor))).toBe(false);
    expect(await asTenant((tx) => isKept(tx, { id: cursor.id, check: null }))).toBe(true);
    expect(await asTenant((tx) => isKept(tx, { id: cursor.id + 1, check: null }))).toBe(false);
  });

  test('is no longer good where the clean-up has deleted events after it', async () => {
    const { cursor } = await lastEvent();
    await database.sql('update event_log set cleaned_to = $1', [cursor.id]);
    expect(await asTenant((tx) => isKept(tx, cursor))).toBe(true);
    await database.sql('update event_log set cleaned_to = $1', [cursor.id + 1]);
    expect(await asTenant((tx) => isKept(tx, cursor))).toBe(false);
    expect((await asTenant((tx) => readEvents(tx, { afterId: 0, limit: 1 }))).cleanedTo).toBe(cursor.id + 1);
    await database.sql('update event_log set cleaned_to = 0');
  });
});

describe('a page', () => {
  const planOf = async (role: string, tenant: string, where: string) => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      `begin; set local role ${role}; set local app.organization_id = '${tenant}'; set local app.event_horizon = '9000000000000000'`,
    );
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain select e.id from events e where ${where} and e.id > 100 and e.id <= current_setting('app.event_horizon')::bigint order by e.id limit 200`,
    );
    await client.end();
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  test('is read along an index and not sorted, for the feed and for a tenant', async () => {
    await database.sql(
      `insert into events (organization_id, type, message) select 'org_' || case n % 100 when 0 then 1 else 2 end, 'token.refreshed', 'm' from generate_series(1, 20000) n`,
    );
    await database.sql('analyze events');
    for (const [role, tenant, where, index] of [
      ['vibetribe_worker', '', 'true', 'events_pkey'],
      ['vibetribe_tenant', 'org_1', `e.organization_id = 'org_1'`, 'events_organization'],
    ] as const) {
      const plan = await planOf(role, tenant, where);
      expect(plan).toContain(index);
      expect(plan).not.toContain('Sort');
    }
  });
});
