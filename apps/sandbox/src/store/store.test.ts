import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { JournalError, openJournal } from './journal.ts';
import { createStore } from './store.ts';

const Row = z.object({ n: z.number() });
let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'store-test-'));
  path = join(directory, 'journal.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

function open() {
  const store = createStore(openJournal(path));
  const rows = store.table('rows', Row);
  store.load();
  return { store, rows };
}

test('what was committed is there after a kill: no close is needed', () => {
  const { store, rows } = open();
  store.commit([rows.put('a', { n: 1 }), rows.put('b', { n: 2 })]);
  store.commit([rows.drop('a')]);
  const again = open();
  expect(again.rows.get('a')).toBeUndefined();
  expect(again.rows.get('b')).toEqual({ n: 2 });
});

test('a last line that was cut off is dropped whole, and what follows is kept', () => {
  const { store, rows } = open();
  store.commit([rows.put('a', { n: 1 })]);
  appendFileSync(path, '[{"t":"rows","k":"b","v":{"n":2}},{"t":"rows","k":"c","v":{"n"');
  const second = open();
  expect(second.rows.get('b')).toBeUndefined();
  second.store.commit([second.rows.put('d', { n: 4 })]);
  const third = open();
  expect([...third.rows.rows()]).toEqual([{ n: 1 }, { n: 4 }]);
});

test('a broken line in the middle stops the start and is named', () => {
  writeFileSync(path, '[{"t":"rows","k":"a","v":{"n":1}}]\n{broken\n[]\n');
  expect(open).toThrow(JournalError);
  expect(open).toThrow(/line 2/);
});

test('loading changes nothing on disk, so a second process that cannot listen does no harm', () => {
  const torn = '[{"t":"rows","k":"a","v":{"n":1}}]\n[{"t"';
  writeFileSync(path, torn);
  open();
  expect(readFileSync(path, 'utf8')).toBe(torn);
});

test('a journal of many changes to few rows shrinks to the rows, those of unknown tables included', () => {
  const { store, rows } = open();
  appendFileSync(path, '');
  store.commit([{ t: 'of a later version', k: 'kept', v: 'as it is' }]);
  for (let n = 0; n < 2000; n += 1) store.commit([rows.put('a', { n })]);
  const sizeBefore = statSync(path).size;
  const second = open();
  second.store.commit([second.rows.put('b', { n: 1 })]);
  expect(statSync(path).size).toBeLessThan(sizeBefore / 100);
  expect(readFileSync(path, 'utf8')).toContain('as it is');
  expect([...open().rows.rows()]).toEqual([{ n: 1999 }, { n: 1 }]);
});

test('lines longer than a read are read whole', () => {
  const store = createStore(openJournal(path));
  const texts = store.table('texts', z.string());
  store.commit([texts.put('long', 'é'.repeat(1_500_000)), texts.put('short', 'x')]);
  const again = createStore(openJournal(path));
  const read = again.table('texts', z.string());
  again.load();
  expect(read.get('long')).toHaveLength(1_500_000);
  expect(read.get('short')).toBe('x');
});
