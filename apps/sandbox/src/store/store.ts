import { z } from 'zod';
import type { Journal } from './journal.ts';

/** One row put or dropped. Several of them committed together are one line of the journal: all or none. */
export type Change = z.infer<typeof Change>;

export type Table<Row> = {
  get(key: string): Row | undefined;
  has(key: string): boolean;
  rows(): IterableIterator<Row>;
  put(key: string, row: Row): Change;
  drop(key: string): Change;
  /** Called after every change, and once a row when the store loads. For indexes. */
  onChange(listener: RowListener<Row>): void;
};

export type RowListener<Row> = (before: Row | undefined, after: Row | undefined) => void;

export type Store = {
  table<Row>(name: string, schema: z.ZodType<Row>): Table<Row>;
  /** Reads everything back. Call it once, after every table is declared. */
  load(): void;
  /** On disk when it returns; then visible in the tables. Synchronous: a check before it cannot be overtaken. */
  commit(changes: readonly Change[]): void;
  close(): void;
};

export function createStore(journal: Journal): Store {
  const tables = new Map<string, LiveTable>();
  const unclaimed = new Map<string, Map<string, unknown>>();
  let compactionDue = false;

  function commit(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    if (compactionDue) {
      compactionDue = false;
      journal.rewrite(snapshot(tables, unclaimed));
    }
    journal.append(changes);
    for (const change of changes) tables.get(change.t)?.apply(change.k, change.v);
  }

  return {
    table<Row>(name: string, schema: z.ZodType<Row>) {
      if (tables.has(name)) throw new Error(`table ${name} is declared twice`);
      const { table, live } = createTable(name, schema);
      tables.set(name, live);
      return table;
    },
    load() {
      let changeCount = 0;
      journal.replay((line) => {
        for (const change of ChangeList.parse(line)) {
          changeCount += 1;
          replayChange(unclaimed, change);
        }
      });
      let rowCount = 0;
      for (const [name, rows] of unclaimed) {
        rowCount += rows.size;
        const live = tables.get(name);
        if (live === undefined) continue;
        for (const [key, row] of rows) live.load(key, row);
        unclaimed.delete(name);
      }
      compactionDue = changeCount > rowCount * 2 + 1000;
    },
    commit,
    close: () => journal.close(),
  };
}

type LiveTable = {
  apply(key: string, row: unknown): void;
  load(key: string, row: unknown): void;
  entries(): Iterable<[string, unknown]>;
};

function createTable<Row>(name: string, schema: z.ZodType<Row>): { table: Table<Row>; live: LiveTable } {
  const rows = new Map<string, Row>();
  const listeners: RowListener<Row>[] = [];

  function set(key: string, row: Row | undefined): void {
    const before = rows.get(key);
    if (row === undefined) rows.delete(key);
    else rows.set(key, row);
    for (const listener of listeners) listener(before, row);
  }

  return {
    table: {
      get: (key) => rows.get(key),
      has: (key) => rows.has(key),
      rows: () => rows.values(),
      put: (key, row) => ({ t: name, k: key, v: row }),
      drop: (key) => ({ t: name, k: key }),
      onChange: (listener) => void listeners.push(listener),
    },
    live: {
      // A committed row comes from `put` of this table, which takes nothing but a Row.
      apply: (key, row) => set(key, row as Row | undefined),
      load: (key, row) => set(key, schema.parse(row)),
      entries: () => rows,
    },
  };
}

function replayChange(tables: Map<string, Map<string, unknown>>, change: Change): void {
  const rows = tables.get(change.t) ?? new Map<string, unknown>();
  tables.set(change.t, rows);
  if (change.v === undefined) rows.delete(change.k);
  else rows.set(change.k, change.v);
}

function* snapshot(
  tables: ReadonlyMap<string, LiveTable>,
  unclaimed: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): Generator<Change[]> {
  for (const [t, table] of tables) for (const [k, v] of table.entries()) yield [{ t, k, v }];
  for (const [t, rows] of unclaimed) for (const [k, v] of rows) yield [{ t, k, v }];
}

const Change = z.object({ t: z.string(), k: z.string(), v: z.unknown().optional() });
const ChangeList = z.array(Change);
