import type { LinkCard } from '@vibetribe/platforms/port/content';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { CardReader } from '../../cards/card-reader.ts';
import { forgetCards } from '../../cards/card-rows.ts';
import { readCardsAhead } from '../../cards/read-cards-ahead.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { createPublishingEngine } from '../publishing-engine.ts';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';
import { withoutFiles } from '../testing/test-harness.ts';

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

/** Of the first link of a text, whatever it is. */
const linkCard = ({ text }: { text: string }) => {
  const [url] = /https:\S+/u.exec(text) ?? [];
  return url === undefined ? null : { url };
};

/** A page that says something else each time it is read. */
function createChangingPage(): Pick<CardReader, 'read'> & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async read({ url }) {
      asked.push(url);
      const bytes = Buffer.from(`picture ${asked.length}`);
      const picture = { bytes, mimeType: 'image/jpeg', width: 2, height: 1, sha256: String(asked.length).repeat(64) };
      return { title: `Title ${asked.length}`, description: null, picture, pageFault: null, pictureFault: null };
    },
  };
}

function openEngine(reader: Pick<CardReader, 'read'>) {
  const cards: (LinkCard & { readonly file: string | null })[] = [];
  const { adapter } = harness.platform;
  const x: CoreDependencies['adapters']['x'] = {
    ...adapter,
    linkCard,
    async publish(run) {
      const { card = null } = run.content;
      if (card !== null) {
        const pieces = card.picture === null ? null : await Array.fromAsync(card.picture.read());
        cards.push({ ...card, file: pieces === null ? null : Buffer.concat(pieces).toString() });
      }
      return adapter.publish(run);
    },
  };
  const deps = { ...harness.deps, adapters: { ...harness.deps.adapters, x } };
  const options = { settings: harness.settings, owner: 'test', media: withoutFiles, random: () => 0, cards: reader };
  return { deps, cards, engine: createPublishingEngine(deps, options) };
}

const messages = async (id: string) =>
  (
    await harness.sql<{ message: string }>(
      `select message from events where publication_id = $1 and message like 'The card%'`,
      [id],
    )
  ).map(({ message }) => message);

test('a card is the same at every try, whatever its page says meanwhile, and told once', async () => {
  const page = createChangingPage();
  const { engine, cards } = openEngine(page);
  await using _engine = engine;
  const account = await harness.addAccount();
  const id = await harness.addPublication({ ...account, text: 'https://page.example/tea' });
  harness.platform.behave('refuse_connection', 'accept');
  await engine.publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'retrying' });
  await harness.makeDue(id);
  await engine.publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'published' });
  expect(page.asked).toEqual(['https://page.example/tea']);
  expect(cards).toHaveLength(2);
  expect(cards[0]).toMatchObject({ title: 'Title 1', file: 'picture 1' });
  expect(cards[1]).toMatchObject({ title: 'Title 1', file: 'picture 1' });
  expect(await messages(id)).toEqual([
    'The card of the link to page.example goes out with the title of its page and the picture of its page.',
  ]);
});

test('a page is read ahead of its time, once for all posts of an organization, and again where the post is another one', async () => {
  const page = createChangingPage();
  const { engine, deps, cards } = openEngine(page);
  await using _engine = engine;
  const account = await harness.addAccount();
  const stranger = await harness.addAccount();
  const text = 'https://page.example/ahead';
  const soon = await harness.addPublication({ ...account, text, dueInMs: 300_000 });
  await harness.addPublication({ ...account, text: 'no link', dueInMs: 300_000 });
  await harness.addPublication({ ...account, text: 'https://page.example/later', dueInMs: 3_600_000 });
  const ahead = () =>
    readCardsAhead(deps, { ...page, [Symbol.asyncDispose]: async () => undefined }, AbortSignal.any([]));
  expect(await ahead()).toBe(1);
  expect(await ahead()).toBe(0);
  const other = await harness.addPublication({ ...account, text });
  await engine.publish(other);
  await harness.makeDue(soon);
  await engine.publish(soon);
  expect(page.asked).toEqual([text]);
  expect(cards.map(({ title }) => title)).toEqual(['Title 1', 'Title 1']);

  const foreign = await harness.addPublication({ ...stranger, text });
  await engine.publish(foreign);
  expect(page.asked).toHaveLength(2);

  const edited = await harness.addPublication({ ...account, text: 'https://page.example/before', dueInMs: 300_000 });
  expect(await ahead()).toBe(1);
  await harness.deps.db.asWorker((tx) => forgetCards(tx, [edited]));
  expect(await harness.sql('select 1 from link_cards where publication_id = $1', [edited])).toEqual([]);
  expect(await ahead()).toBe(1);
});
