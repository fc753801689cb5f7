import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { PostCall } from '../port/account.ts';
import { callXrpc, postCollection, readPost, serviceOf } from './api.ts';
import { placeOf } from './publish.ts';

/**
 * Deleting what is gone is told as done, so that it is looked for first. Only a record of the account's own repository.
 * https://docs.bsky.app/docs/api/com-atproto-repo-delete-record, read 2026-11.
 */
export async function removeFromBluesky({
  http,
  account,
  accessToken,
  details,
  post,
}: PostCall): Promise<'removed' | 'already_gone'> {
  const rkey = post.platformPostId.split('/').at(-1) ?? '';
  if (placeOf(account, rkey).platformPostId !== post.platformPostId)
    throw new PlatformError('permission', 'The post is not one of this account', { platformCode: 'not_own' });
  const stored = await readPost({ http, account, rkey });
  if (stored === null) return 'already_gone';
  await callXrpc({
    http,
    service: serviceOf(account),
    method: 'POST',
    nsid: 'com.atproto.repo.deleteRecord',
    access: { accessToken, details },
    json: { repo: account.externalId, collection: postCollection, rkey },
    effect: 'idempotent',
    answer: z.unknown(),
  });
  return 'removed';
}
