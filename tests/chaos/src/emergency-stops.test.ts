import { expect, test } from 'vitest';
import { liftStops } from './emergency-stops.ts';
import type { Organization } from './organizations.ts';

test('a stop that somebody else has made stays', async () => {
  const lifted: string[] = [];
  const items = [
    { id: 'ours', reason: 'chaos 1' },
    { id: 'service', reason: 'The database has gone back in time.' },
  ];
  const client = {
    read: () => Promise.resolve({ items }),
    send: ({ path }: { path: string }) => {
      lifted.push(path);
      return Promise.resolve({ result: 'ok', status: 204, body: null });
    },
  };
  await liftStops({ client } as unknown as Organization, new Set(['chaos 1', 'chaos 2']));
  expect(lifted).toEqual(['/pauses/ours']);
});
