import { newId } from '@vibetribe/db/new-id';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { collectGarbage } from '../media/collect-garbage.ts';
import { deleteMedia } from '../media/delete-media.ts';
import { deletePost } from './lifecycle/delete-post.ts';
import { duplicatePost } from './create/duplicate-post.ts';
import { publishPost } from './lifecycle/publish-post.ts';
import { retryPost } from './lifecycle/retry-post.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness } from './test-harness.ts';
import { updatePost } from './edit/update-post.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

/** Of content that no store has: what is deleted is the record alone. */
async function addMedia(actor: Actor, ageDays = 0): Promise<{ id: string; publicId: string }> {
  const id = newId('media');
  const objectId = newId('mediaObject');
  const facts = { kind: 'image', mimeType: 'image/png', bytes: 5, width: 100, height: 100, durationMs: null };
  await harness.sql(
    `insert into media_objects (id, organization_id, store, store_key, mime_type, bytes, sha256, facts, stored_at)
     values ($1, $2, 'local', $1, 'image/png', 5, $1, $3, now())`,
    [objectId, actor.organizationId, { ...facts, alpha: false, animated: false, frames: 1 }],
  );
  await harness.sql(
    `insert into media (id, organization_id, public_id, kind, mime_type, bytes, sha256, object_id, created_at)
     values ($1, $2, $1, 'image', 'image/png', 5, 'x', $3, now() - make_interval(days => $4))`,
    [id, actor.organizationId, objectId, ageDays],
  );
  return { id, publicId: id };
}

const store = { store: { id: 'local', remove: () => Promise.resolve() }, sweep: () => Promise.resolve({ files: 0 }) };
const mediaDeps = () => ({ ...harness.deps, media: store }) as unknown as Parameters<typeof deleteMedia>[0];
const remove = (actor: Actor, media: { publicId: string }) => deleteMedia(mediaDeps(), actor, media);
const collect = () => collectGarbage(mediaDeps(), { unusedDays: 90 });

async function arranged(ageDays = 0) {
  const actor = await harness.addActor();
  const accountId = await harness.addAccount(actor);
  return { actor, accountId, media: await addMedia(actor, ageDays) };
}

const exists = async (id: string) => (await harness.sql('select 1 from media where id = $1', [id])).length === 1;

/** A post with its picture that has ended with this status everywhere. */
async function endedPost(status: 'published' | 'failed', where: 'post' | 'variant' = 'post') {
  const { actor, accountId, media } = await arranged();
  const named = where === 'post' ? { mediaIds: [media.id] } : { variants: { [accountId]: { mediaIds: [media.id] } } };
  const post = await harness.create(actor, { accountIds: [accountId], ...named });
  await harness.sql(`update publications set status = $2, attempts = 1 where post_id = $1`, [post.id, status]);
  return { actor, accountId, media, post };
}

/** Both at once, many times. `broken`: what was accepted names media that is gone. */
async function neverBoth(
  rounds: number,
  arrange: () => Promise<{ keep: () => Promise<unknown>; drop: () => Promise<unknown>; mediaId: string }>,
): Promise<{ broken: number; kept: number; dropped: number }> {
  const outcomes = await Promise.all(
    Array.from({ length: rounds }, async () => {
      const { keep, drop, mediaId } = await arrange();
      const [kept] = await Promise.allSettled([keep(), drop()]);
      return { isKept: kept.status === 'fulfilled', isThere: await exists(mediaId) };
    }),
  );
  return {
    broken: outcomes.filter(({ isKept, isThere }) => isKept && !isThere).length,
    kept: outcomes.filter(({ isKept }) => isKept).length,
    dropped: outcomes.filter(({ isThere }) => !isThere).length,
  };
}

describe('a picture that is deleted at the moment', () => {
  test('a post with it is saved: one of the two is refused', async () => {
    const counts = await neverBoth(100, async () => {
      const { actor, accountId, media } = await arranged();
      return {
        keep: () => harness.create(actor, { accountIds: [accountId], mediaIds: [media.id] }),
        drop: () => remove(actor, media),
        mediaId: media.id,
      };
    });
    expect(counts.broken).toBe(0);
    expect(counts.kept + counts.dropped).toBe(100);
  });

  test('a post with it is saved, and the deletion has to wait: it is refused', async () => {
    const { actor, accountId, media } = await arranged();
    const held = harness.held();
    const saving = harness.create(actor, { accountIds: [accountId], mediaIds: [media.id] }, held.deps);
    await held.reached;
    const removing = remove(actor, media).catch((error: unknown) => error);
    await harness.untilSomeoneWaits();
    held.release();
    await saving;
    expect(await removing).toMatchObject({ code: 'conflict' });
  });

  test.each(['post', 'variant'] as const)('a post that names it (%s) is duplicated', async (where) => {
    const { broken } = await neverBoth(40, async () => {
      const { actor, media, post } = await endedPost('published', where);
      return {
        keep: () => duplicatePost(harness.deps, actor, { postId: post.id }),
        drop: () => remove(actor, media),
        mediaId: media.id,
      };
    });
    expect(broken).toBe(0);
  });

  test.each(['post', 'variant'] as const)('a failed post that names it (%s) is tried again', async (where) => {
    const { broken } = await neverBoth(40, async () => {
      const { actor, media, post } = await endedPost('failed', where);
      return {
        keep: () => retryPost(harness.deps, actor, { postId: post.id }),
        drop: () => remove(actor, media),
        mediaId: media.id,
      };
    });
    expect(broken).toBe(0);
  });

  test('the garbage is collected', async () => {
    const rounds = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const { actor, accountId, media } = await arranged(100);
        return {
          mediaId: media.id,
          keep: () => harness.create(actor, { accountIds: [accountId], mediaIds: [media.id] }),
        };
      }),
    );
    const [, ...saved] = await Promise.allSettled([collect(), ...rounds.map(({ keep }) => keep())]);
    for (const [index, { status }] of saved.entries())
      expect(await exists(rounds[index]?.mediaId ?? '')).toBe(status === 'fulfilled');
  });

  test('the garbage is collected: a post that is saved and not committed yet is waited for by nobody, and keeps it', async () => {
    const { actor, accountId, media } = await arranged(100);
    const held = harness.held();
    const saving = harness.create(actor, { accountIds: [accountId], mediaIds: [media.id] }, held.deps);
    await held.reached;
    const collecting = collect();
    await Promise.race([harness.untilSomeoneWaits(), collecting]);
    held.release();
    await Promise.all([saving, collecting]);
    expect(await exists(media.id)).toBe(true);
  });
});

describe('a picture that is gone', () => {
  test.each(['post', 'variant'] as const)('is named by whoever would send the post (%s) again', async (where) => {
    const { actor, accountId, media, post } = await endedPost('failed', where);
    await remove(actor, media);
    const path = where === 'post' ? 'mediaIds.0' : `variants.${accountId}.mediaIds.0`;
    const refused = { code: 'validation_failed', errors: [{ path, message: 'There is no such media.' }] };
    await expect(retryPost(harness.deps, actor, { postId: post.id })).rejects.toMatchObject(refused);
    await expect(duplicatePost(harness.deps, actor, { postId: post.id })).rejects.toMatchObject(refused);
    await harness.sql(`update publications set status = 'draft', attempts = 0 where post_id = $1`, [post.id]);
    await expect(publishPost(harness.deps, actor, { postId: post.id })).rejects.toMatchObject(refused);
    const change = { scheduledAt: inMinutes(5) };
    await expect(updatePost(harness.deps, actor, { postId: post.id, change, expected: null })).rejects.toMatchObject(
      refused,
    );
  });
});

describe('unused for 90 days', () => {
  test('counts from the last use: the deletion of the last post, or the edit that took it out', async () => {
    const { actor, accountId, media } = await arranged(400);
    const [variantMedia, edited, never] = [
      await addMedia(actor, 400),
      await addMedia(actor, 400),
      await addMedia(actor, 400),
    ];
    const post = await harness.create(actor, {
      accountIds: [accountId],
      mediaIds: [media.id],
      variants: { [accountId]: { mediaIds: [variantMedia.id] } },
    });
    const other = await harness.create(actor, { accountIds: [accountId], mediaIds: [edited.id] });
    await deletePost(harness.deps, actor, { postId: post.id, expected: null });
    await updatePost(harness.deps, actor, { postId: other.id, change: { mediaIds: [] }, expected: null });
    await collect();
    for (const { id } of [media, variantMedia, edited]) expect(await exists(id)).toBe(true);
    expect(await exists(never.id)).toBe(false);
    await harness.sql(`update media set last_used_at = now() - interval '91 days' where last_used_at is not null`);
    await collect();
    for (const { id } of [media, variantMedia, edited]) expect(await exists(id)).toBe(false);
  });
});
