import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall, AccountProfile } from '../port/account.ts';
import { accessTo, type TokenAccess } from '../connect/token-access.ts';
import { businessName, callBusiness } from './api.ts';

/** The number behind `accounts/` and `locations/`. */
const idBehind = (collection: 'accounts' | 'locations') =>
  z
    .string()
    .regex(new RegExp(`^${collection}/\\d{1,40}$`, 'u'))
    .transform((name) => name.slice(collection.length + 1));

const pageToken = z.string().max(1_000).optional().catch(undefined);
const Accounts = z.object({
  accounts: z.array(z.object({ name: idBehind('accounts') })).default([]),
  nextPageToken: pageToken,
});
const Location = z.object({
  name: idBehind('locations'),
  title: z.string().default(''),
  metadata: z.object({ canOperateLocalPost: z.boolean().optional() }).optional().catch(undefined),
});
const Locations = z.object({ locations: z.array(Location).default([]), nextPageToken: pageToken });

export interface OwnLocation {
  readonly externalId: string;
  readonly handle: string;
  readonly displayName: string;
  /** The account that it was found in. */
  readonly owner: string;
}

const accountPagesMax = 10;
const locationsMax = 1_000;
const requestsMax = 100;
const mask = 'name,title,metadata';

/**
 * The locations that this token may post to. https://developers.google.com/my-business/reference/accountmanagement/rest/v1/accounts/list and
 * …/businessinformation/rest/v1/accounts.locations/list, read 2026-11.
 */
export async function readLocations(access: TokenAccess): Promise<OwnLocation[]> {
  const locations = new Map<string, OwnLocation>();
  let requests = 0;
  for (const owner of await readOwners(access)) {
    let token: string | undefined;
    do {
      const page = await readPage(access, owner, token);
      requests += 1;
      for (const { name, title, metadata } of page.locations) {
        // One location may be in several accounts; Google lets nobody post to some.
        if (metadata?.canOperateLocalPost === false || locations.has(name)) continue;
        locations.set(name, { externalId: name, handle: title, displayName: title, owner });
      }
      token = page.nextPageToken;
    } while (token !== undefined && requests < requestsMax && locations.size < locationsMax);
  }
  if (locations.size > 0) return [...locations.values()].slice(0, locationsMax);
  const message = 'There is no location that this person may post to';
  throw new PlatformError('permission', message, { platformCode: 'no_location' });
}

async function readOwners(access: TokenAccess): Promise<string[]> {
  const owners: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < accountPagesMax; page += 1) {
    const query = { pageSize: '20', pageToken: token };
    const { accounts, nextPageToken } = await callBusiness({
      ...access,
      host: 'accounts',
      method: 'GET',
      path: '/v1/accounts',
      query,
      effect: 'read',
      answer: Accounts,
    });
    owners.push(...accounts.map(({ name }) => name));
    token = nextPageToken;
    if (token === undefined) break;
  }
  return owners;
}

function readPage(access: TokenAccess, owner: string, token: string | undefined) {
  return callBusiness({
    ...access,
    host: 'information',
    method: 'GET',
    path: `/v1/accounts/${owner}/locations`,
    query: { readMask: mask, pageSize: '100', pageToken: token },
    effect: 'read',
    answer: Locations,
  });
}

export async function readBusinessAccount(call: AccountCall): Promise<AccountProfile> {
  const { name, title } = await callBusiness({
    ...accessTo(call),
    host: 'information',
    method: 'GET',
    path: `/v1/locations/${encodeURIComponent(call.account.externalId)}`,
    query: { readMask: mask },
    effect: 'read',
    answer: Location,
  });
  if (name !== call.account.externalId)
    throw new PlatformError('unavailable', `${businessName} told of another location`, {
      platformCode: 'other_location',
    });
  return { externalId: name, handle: title, displayName: title, service: null };
}

/** As a grant keeps them: which account each location is in. */
export function ownersOf(locations: readonly OwnLocation[]): Record<string, string> {
  return Object.fromEntries(locations.map(({ externalId, owner }) => [externalId, owner]));
}

export function accountOf({ externalId, handle, displayName }: OwnLocation) {
  return { externalId, handle, displayName };
}
