import { expect, test } from 'vitest';
import { shareOfOrganization, shareOfServer } from './platforms/platform-shares.ts';
import { workInShares } from './work-in-shares.ts';

interface Item {
  readonly name: string;
  readonly organization: string;
  readonly service: string;
}

const item = (name: string, organization: string, service = ''): Item => ({ name, organization, service });
const sharesOf = ({ organization, service }: Item) => [shareOfOrganization(organization), ...shareOfServer(service)];

test("one organization's slow server holds up neither others nor its own other servers, in later batches too", async () => {
  const slow = Array.from({ length: 20 }, (_, index) => item(`slow ${index}`, 'one', 'https://slow.example'));
  const batches = [slow, [item('elsewhere', 'one', 'https://fast.example')], [item('other', 'two')], []];
  const opened = Promise.withResolvers<void>();
  const begun: string[] = [];
  const working = workInShares({
    placesMax: 8,
    pendingMax: 1_000,
    read: async () => batches.shift() ?? [],
    sharesOf,
    async work({ name }) {
      begun.push(name);
      if (name === 'other') opened.resolve();
      await opened.promise;
    },
  });
  await working;
  expect(begun.slice(0, 6)).toEqual(['slow 0', 'slow 1', 'slow 2', 'slow 3', 'elsewhere', 'other']);
  expect(begun).toHaveLength(22);
});

test('once told to stop nothing more is begun, and no more is read than may wait', async () => {
  const stopping = new AbortController();
  let read = 0;
  let begun = 0;
  await workInShares({
    placesMax: 2,
    pendingMax: 6,
    async read() {
      read += 3;
      return [item('a', 'one'), item('b', 'one'), item('c', 'one')];
    },
    sharesOf,
    async work() {
      begun += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (begun === 4) stopping.abort();
    },
    signal: stopping.signal,
  });
  expect(begun).toBeLessThanOrEqual(5);
  expect(read).toBeLessThanOrEqual(begun + 9);
});
