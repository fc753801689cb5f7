import type { TokenAccess } from '../connect/token-access.ts';
import { apiOf, hostOf } from '../http/configured.ts';
import { callGoogle, type GoogleCall } from '../google/call-google.ts';
import type { KindsByReason } from '../google/errors.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall } from '../port/account.ts';

export const businessName = 'Google Business Profile';

/** https://developers.google.com/my-business/reference/rest/v4/ErrorCode, read 2026-11. */
export const businessKinds: KindsByReason = {
  LOCATION_DISABLED_FOR_LOCAL_POST_API: 'permission',
  PHOTO_FETCH_FAILED: 'content',
};

export interface BusinessCall<Answer>
  extends TokenAccess, Omit<GoogleCall<Answer>, 'platformName' | 'url' | 'kinds' | keyof TokenAccess> {
  /** Posts have a host of their own, and so have accounts, what is known of a location, and its numbers. */
  readonly host: 'posts' | 'accounts' | 'information' | 'performance';
  readonly path: string;
}

export function callBusiness<Answer>({ endpoints, host, path, ...call }: BusinessCall<Answer>): Promise<Answer> {
  const base = host === 'posts' ? apiOf(endpoints, businessName) : hostOf(endpoints, host, businessName);
  return callGoogle({ ...call, platformName: businessName, url: `${base}${path}`, kinds: businessKinds });
}

/** Where a post is, by its name. @throws PlatformError `not_found` for what is none */
export function pathOfPost(name: string): string {
  if (localPostName.test(name)) return `/v4/${name}`;
  throw new PlatformError('not_found', 'This is not the name of a post', { platformCode: 'post_name' });
}

export const localPostName = /^accounts\/\d{1,40}\/locations\/\d{1,40}\/localPosts\/[\w-]{1,100}$/u;

/** Where a location's posts are: below the account that it was found in. @throws PlatformError `permission` where that is not known */
export function postsOf({ account, details }: Pick<AccountCall, 'account' | 'details'>): string {
  const { externalId } = account;
  const owner = Object.hasOwn(details, externalId) ? details[externalId] : undefined;
  if (owner !== undefined) return `/v4/accounts/${owner}/locations/${externalId}/localPosts`;
  const message = 'It is not known which account this location is in: connect it again';
  throw new PlatformError('permission', message, { platformCode: 'owner_unknown' });
}
