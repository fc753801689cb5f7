import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountAccess, PostCall } from '../port/account.ts';
import { takeOff } from '../answers/take-off.ts';
import { isKept } from '../graph/is-kept.ts';
import { callInstagram, loginOf } from './api.ts';
import { callOf } from './container.ts';

const scope = 'instagram_manage_contents';

/** Only by the page's login: Instagram's own has no deletion. Credentials given by hand do not tell their scopes. */
export function instagramKeepsPosts(access: Pick<AccountAccess, 'details' | 'scopes'>): string | null {
  if (loginOf(access) !== 'page')
    return 'Instagram takes posts off only for accounts that were connected through their Facebook page';
  if (access.scopes.length === 0 || access.scopes.includes(scope)) return null;
  return `The account was connected without the right to take posts off (${scope})`;
}

/** Needs `instagram_manage_contents`. https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-media, read 2026-11. */
export async function removeFromInstagram(call: PostCall): Promise<'removed' | 'already_gone'> {
  const reason = instagramKeepsPosts(call);
  if (reason !== null) throw new PlatformError('permission', reason, { platformCode: 'login_without_deletion' });
  const path = `/${encodeURIComponent(call.post.platformPostId)}`;
  const answer = z.object({ success: z.literal(true) });
  const own = callOf(call, call.http);
  const list = `/${encodeURIComponent(call.account.externalId)}/media`;
  return takeOff(
    () => callInstagram({ ...own, method: 'DELETE', path, effect: 'idempotent', answer }),
    () => isKept(call.post.platformPostId, list, (request) => callInstagram({ ...own, ...request })),
  );
}
