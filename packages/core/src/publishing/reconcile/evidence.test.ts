import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

/** Lets every wait pass until the publication has ended. */
async function playToTheEnd(id: string, turnsMax = 40): Promise<string> {
  for (let turn = 0; turn < turnsMax; turn += 1) {
    const { status } = await harness.read(id);
    if (['published', 'failed', 'unconfirmed'].includes(status)) return status;
    await harness.makeDue(id);
    await harness.engine().publish(id);
  }
  throw new Error('it does not end');
}

async function lastMessage(id: string): Promise<string> {
  const [row] = await harness.sql<{ message: string }>(
    'select message from events where publication_id = $1 order by id desc limit 1',
    [id],
  );
  return row?.message ?? '';
}

describe('a repeat that is refused as a duplicate', () => {
  test('is evidence that the send before it arrived: never seen, it ends as unconfirmed and not as failed', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('accept_then_lose_reply', 'refuse_as_duplicate');
    harness.platform.lookup = { kind: 'not_seen', evidence: 'none of 3 posts is this one' };
    expect(await playToTheEnd(id)).toBe('unconfirmed');
    expect(await harness.read(id)).toMatchObject({ attempts: 2, error: { code: 'unconfirmed', manual: null } });
    expect(await lastMessage(id)).toContain('refused a repeat as a duplicate');
    expect(harness.platform.accepted).toHaveLength(1);
  });

  test('makes the look-up more patient: what a slow list shows late is published', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('accept_then_lose_reply', 'refuse_as_duplicate');
    harness.platform.lookup = { kind: 'not_seen', evidence: 'none' };
    await harness.engine().publish(id);
    for (let turn = 0; turn < 6; turn += 1) {
      await harness.makeDue(id);
      await harness.engine().publish(id);
    }
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', attempts: 2, waiting_reason: 'reconciling' });
    harness.platform.lookup = 'by_text';
    expect(await playToTheEnd(id)).toBe('published');
  });

  test('and named by the platform is the post: published, whatever its list shows', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('accept_then_lose_reply', 'name_the_duplicate');
    harness.platform.lookup = { kind: 'not_seen', evidence: 'none of 3 posts is this one' };
    expect(await playToTheEnd(id)).toBe('published');
    expect(await harness.read(id)).toMatchObject({ platform_post_id: harness.platform.accepted[0]?.key });
    const messages = await harness.sql<{ message: string }>(
      `select message from events where publication_id = $1 and type = 'publication.reconciled' order by id desc limit 1`,
      [id],
    );
    expect(messages[0]?.message).toContain('refused a repeat as a duplicate of');
  });

  test('and named, but belonging to another publication, proves nothing', async () => {
    const account = await harness.addAccount();
    const first = await harness.addPublication(account);
    await harness.engine().publish(first);
    const id = await harness.addPublication(account);
    harness.platform.behave('lose_request', 'name_the_duplicate');
    harness.platform.lookup = { kind: 'not_seen', evidence: 'none of 3 posts is this one' };
    expect(await playToTheEnd(id)).not.toBe('published');
    expect(harness.platform.accepted).toHaveLength(1);
  });

  test('counts at every later end: what is refused for good or has no retry left is unconfirmed, never failed', async () => {
    const account = await harness.addAccount();
    for (const [behaviour, retriesUsed] of [
      ['reject', 0],
      ['refuse_connection', 3],
    ] as const) {
      const id = await harness.addPublication(account);
      const evidence = 'The platform refused a repeat as a duplicate.';
      await harness.sql('update publications set evidence = $2, retries_used = $3 where id = $1', [
        id,
        evidence,
        retriesUsed,
      ]);
      harness.platform.behave(behaviour);
      await harness.engine().publish(id);
      expect(await harness.read(id)).toMatchObject({ status: 'unconfirmed', error: { code: 'unconfirmed' } });
      expect(await lastMessage(id)).toContain(evidence);
    }
  });

  test('proves nothing where no send before it can have arrived: the text is somebody else’s', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('rate_limit', 'refuse_connection', 'refuse_as_duplicate');
    expect(await playToTheEnd(id)).toBe('failed');
    expect(await harness.read(id)).toMatchObject({ error: { category: 'content', code: 'http_403' } });
  });
});

describe('a look-up', () => {
  test('reaches back to the first send that may have arrived, not to the last', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('lose_request');
    harness.platform.lookup = { kind: 'not_seen', evidence: 'none' };
    expect(await playToTheEnd(id)).toBe('failed');
    const [first] = await harness.sql<{ at: Date }>(
      'select min(started_at) as at from attempts where publication_id = $1',
      [id],
    );
    expect(harness.platform.askedSince).toHaveLength(8);
    for (const since of harness.platform.askedSince) {
      expect(Math.abs(since.getTime() - (first?.at.getTime() ?? 0))).toBeLessThan(2);
    }
  });

  test('begins at the second send where the platform itself said that it did nothing with the first', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('rate_limit', 'lose_request');
    await harness.engine().publish(id);
    await harness.makeDue(id);
    await harness.engine().publish(id);
    await harness.makeDue(id);
    await harness.engine().publish(id);
    const starts = await harness.sql<{ at: Date }>(
      'select started_at as at from attempts where publication_id = $1 order by number',
      [id],
    );
    expect(starts).toHaveLength(2);
    expect(Math.abs((harness.platform.askedSince[0]?.getTime() ?? 0) - (starts[1]?.at.getTime() ?? 0))).toBeLessThan(2);
  });

  test('that sees a new post which may be ours leaves it to a person: nothing is sent again', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('lose_request');
    harness.platform.lookup = { kind: 'not_seen', evidence: 'none is this one', doubt: 'Post 7 is new since then.' };
    expect(await playToTheEnd(id)).toBe('unconfirmed');
    expect(await harness.read(id)).toMatchObject({ attempts: 1 });
    expect(await lastMessage(id)).toContain('Post 7 is new since then.');
  });

  test('that proves nothing is no absence: asked again, then left to a person', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('lose_request');
    harness.platform.lookup = { kind: 'inconclusive', evidence: 'post 9, which is there, is missing from the list' };
    expect(await playToTheEnd(id)).toBe('unconfirmed');
    expect(await harness.read(id)).toMatchObject({ attempts: 1 });
    expect(harness.platform.askedSince).toHaveLength(8);
  });
});
