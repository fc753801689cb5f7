import { z } from 'zod';
import type { ReconcileQuery } from '../port/reconcile.ts';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import { callMastodon, instanceOf } from './api.ts';

export const ListedStatus = z.object({
  id: foreignId(),
  created_at: z.string(),
  content: z.string().default('').catch(''),
  media_attachments: z
    .array(z.object({ id: z.string() }))
    .default([])
    .catch([]),
  spoiler_text: z.string().default('').catch(''),
  reblog: z.object({}).nullish().catch(null),
  application: z.object({ name: z.string() }).nullish().catch(null),
  url: z.string().nullish(),
  uri: z.string().nullish(),
});
export type ListedStatus = z.infer<typeof ListedStatus>;

export interface Listing {
  /** What the account posted since the send, newest first; no reblogs. */
  readonly statuses: readonly ListedStatus[];
  /** All that was listed on the way. */
  readonly listedIds: ReadonlySet<string>;
  /** False: there are more than the pages that are read. */
  readonly isComplete: boolean;
}

const pageSize = 40;
const pagesMax = 50;

/** Where the look-up ends: at the newest status from before the send where that is known, else at one that is older than the send. */
export interface ListingEnd {
  readonly after: string | null;
  /** By the instance's own clock; asked once there was an answer. */
  readonly since: () => number;
}

/** Follows the list to its end: an empty page, or one that holds nothing new. An instance may cut pages short. */
export async function readListing(query: ReconcileQuery, end: ListingEnd): Promise<Listing> {
  const seen = new Map<string, ListedStatus>();
  for (let page = 0; page < pagesMax; page += 1) {
    const found = await readPage(query, [...seen.keys()].at(-1));
    const fresh = found.filter(({ id }) => !seen.has(id));
    for (const status of fresh) seen.set(status.id, status);
    const result = resultOf(end, seen);
    if (found.length === 0 || isOver(end, seen, found)) return { ...result, isComplete: true };
    // A server that gives the same page again has no second one.
    if (fresh.length === 0) return { ...result, isComplete: false };
  }
  return { ...resultOf(end, seen), isComplete: false };
}

function resultOf(end: ListingEnd, seen: ReadonlyMap<string, ListedStatus>): Omit<Listing, 'isComplete'> {
  const statuses = newerThan(end, [...seen.values()]).filter(({ reblog }) => reblog === null || reblog === undefined);
  return { statuses, listedIds: new Set(seen.keys()) };
}

/** By ids that rise with time where the instance has such; else by their order in the list; by time where neither tells. */
function newerThan({ after, since }: ListingEnd, listed: readonly ListedStatus[]): ListedStatus[] {
  if (after === '') return [...listed];
  if (after !== null && isNumber(after)) return listed.filter(({ id }) => !isNumber(id) || BigInt(id) > BigInt(after));
  const end = after === null ? -1 : listed.findIndex(({ id }) => id === after);
  if (end >= 0) return listed.slice(0, end);
  return listed.filter(({ created_at: createdAt }) => !(Date.parse(createdAt) < since()));
}

/** The end was met or passed; by time only where a whole page lies behind it, as single statuses may stand out of order. */
function isOver(end: ListingEnd, seen: ReadonlyMap<string, ListedStatus>, page: readonly ListedStatus[]): boolean {
  const { after } = end;
  if (after === '') return false;
  if (after !== null && seen.has(after)) return true;
  const newer = newerThan(end, page).length;
  return after !== null && isNumber(after) ? newer < page.length : newer === 0;
}

function isNumber(id: string): boolean {
  return /^\d{1,30}$/u.test(id);
}

function readPage(
  { http, account, accessToken }: ReconcileQuery,
  belowId: string | undefined,
): Promise<ListedStatus[]> {
  const parameters = new URLSearchParams({
    limit: String(pageSize),
    exclude_reblogs: 'true',
    ...(belowId === undefined ? {} : { max_id: belowId }),
  });
  return callMastodon({
    http,
    instance: instanceOf(account),
    accessToken,
    method: 'GET',
    path: `/api/v1/accounts/${encodeURIComponent(account.externalId)}/statuses?${parameters.toString()}`,
    effect: 'read',
    answer: z.array(ListedStatus),
  });
}

/** The status as it is on the instance now, or null where it is gone. */
export async function readStatus(
  { http, account, accessToken }: Pick<ReconcileQuery, 'http' | 'account' | 'accessToken'>,
  id: string,
): Promise<{ createdAtMs: number } | null> {
  try {
    const path = `/api/v1/statuses/${encodeURIComponent(id)}`;
    const call = { http, instance: instanceOf(account), accessToken, method: 'GET', path, effect: 'read' } as const;
    const status = await callMastodon({ ...call, answer: z.object({ created_at: z.string() }) });
    return { createdAtMs: Date.parse(status.created_at) };
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return null;
    throw error;
  }
}
