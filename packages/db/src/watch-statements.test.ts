import { createTestDatabase } from '@vibetribe/testkit/test-database';
import { sql } from 'drizzle-orm';
import { expect, inject, test } from 'vitest';
import { connectDatabase } from './connect-database.ts';
import { migrate } from './migrate.ts';
import type { Statement } from './watch-statements.ts';

test('every statement is told with its time and its fate, and with no parameter', async () => {
  await using database = await createTestDatabase(inject('postgresUrl'));
  await migrate({ databaseUrl: database.url });
  const told: Statement[] = [];
  const options = { databaseUrl: database.url, poolMax: 1, poolMin: 0, applicationName: 'test' };
  await using db = connectDatabase({ ...options, onError: () => undefined, onStatement: (each) => told.push(each) });
  await db.asWorker((tx) => tx.execute(sql`select ${'canary'}::text as given`));
  await db.asWorker((tx) => tx.execute(sql`select ${'canary'}::int`)).catch(() => undefined);
  const texts = told.map((statement) => statement.sql);
  expect(texts).toContain('select $1::text as given');
  expect(texts).toContain('commit');
  expect(told.find(({ sql: text }) => text === 'select $1::text as given')).toMatchObject({ errorCode: null, rows: 1 });
  expect(told.find(({ sql: text }) => text === 'select $1::int')).toMatchObject({ errorCode: '22P02' });
  expect(told.every(({ durationMs }) => durationMs >= 0)).toBe(true);
  expect(JSON.stringify(told)).not.toContain('canary');
});
