import { readFile } from 'node:fs/promises';
import { EventType } from '@vibetribe/contracts/event-type';
import { expect, test } from 'vitest';

test('docs/events.md explains every type of event in one line, in the order of the list, and no others', async () => {
  const document = await readFile(new URL('../../../../docs/events.md', import.meta.url), 'utf8');
  const rows = [...document.matchAll(/^\| `(\w+\.\w+)` \| (.{20,}) \|$/gm)].map(([, type]) => type);
  expect(rows).toEqual(EventType.options);
});
