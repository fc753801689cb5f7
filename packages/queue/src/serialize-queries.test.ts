import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { serializeQueries } from './serialize-queries.ts';

test('statements that are asked for at once run one after the other, and one that fails holds up nobody', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void (warning.name === 'DeprecationWarning' && warnings.push(warning));
  process.on('warning', note);
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  serializeQueries(client);
  const answers = await Promise.allSettled(
    ['listen one', 'no statement', 'listen two'].map((text) => client.query(text)),
  );
  await client.query('select 1');
  await client.end();
  process.off('warning', note);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(warnings).toEqual([]);
});
