import { z } from 'zod';
import { listenToPlatformClock } from '../http/platform-clock.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { resembles } from '../text/resembles.ts';
import { accessTo } from '../connect/token-access.ts';
import { callPinterest } from './api.ts';
import { PinPlace, placeStep } from './boards.ts';
import { PinterestOptions } from './options.ts';
import { type Pin, PinKey, plain, plainLink, readPinsSince, timeOf } from './pins.ts';
import { pinUrl } from './publish.ts';

/** Between what Pinterest's answers say of its clock, and its clock; its times have no fractions. */
const clockSkewMs = 60_000;

/** Looks through the board's pins that are newer than its newest one of before the send. The oldest match wins. */
export async function reconcilePinterest(asked: ReconcileQuery): Promise<ReconcileFinding> {
  const clock = listenToPlatformClock(asked.http, asked.askedAt);
  const query = { ...asked, http: clock.http };
  const newest = PinKey.safeParse(query.intent.key).data?.newest ?? null;
  const newestAt = timeOf(newest?.at);
  const since = () =>
    Number.isNaN(newestAt) ? clock.timeOf(query.intent.startedAt).getTime() - clockSkewMs : newestAt;
  const board = boardOf(query);
  const isBefore = (pin: Pin) => pin.id === newest?.id || timeOf(pin.created_at) < since();
  const { pins, isComplete } = await readPinsSince(query, board, isBefore);
  const strangers = pins.filter(({ id }) => !query.takenPostIds.has(id));
  const isOurs = matchOf(query);
  const match = strangers.findLast(isOurs);
  if (match !== undefined) {
    const evidence = `pin ${match.id} on board ${board} is this one`;
    return { kind: 'found', platformPostId: match.id, url: pinUrl(match.id), evidence };
  }
  if (!isComplete) return { kind: 'cannot_tell', evidence: `More than ${pins.length} pins were made since.` };
  const missing = await findMissing(query, new Set(pins.map(({ id }) => id)));
  if (missing !== null)
    return { kind: 'inconclusive', evidence: `pin ${missing}, which is there, is missing from Pinterest's list` };
  const evidence = `none of ${pins.length} pins on board ${board} since is this one`;
  const wanted = textOf(query);
  const similar =
    wanted === ''
      ? undefined
      : strangers.find((pin) => resembles(wanted, `${pin.title ?? ''} ${pin.description ?? ''}`));
  if (similar === undefined) return { kind: 'not_seen', evidence };
  const doubt = `Pin ${similar.id} is new since the send and may be this one, changed by Pinterest.`;
  return { kind: 'not_seen', evidence, doubt };
}

function boardOf({ results, account }: ReconcileQuery): string {
  const [, place] = Object.entries(results).findLast(([name]) => name.startsWith(placeStep)) ?? [];
  return PinPlace.safeParse(place).data?.board ?? account.externalId;
}

function optionsOf({ content }: ReconcileQuery): PinterestOptions {
  return PinterestOptions.safeParse(content.options).data ?? {};
}

function textOf(query: ReconcileQuery): string {
  return `${optionsOf(query).title ?? ''} ${query.content.text}`.trim();
}

/** By title, description and link, where Pinterest shows a link. */
function matchOf(query: ReconcileQuery): (pin: Pin) => boolean {
  const options = optionsOf(query);
  const [title, text, link] = [plain(options.title), plain(query.content.text), plainLink(options.link)];
  const isVideo = Object.keys(query.results).some((name) => name.endsWith(': register'));
  return (pin) => {
    const theirLink = plainLink(pin.link);
    const kind = pin.media?.media_type ?? null;
    const isSameKind = kind === null || (kind === 'video') === isVideo;
    const isSameLink = theirLink === link || theirLink === '';
    return isSameKind && isSameLink && plain(pin.title) === title && plain(pin.description) === text;
  };
}

const missingMax = 3;

/** A pin of ours that is on Pinterest and not in its list. One on another board is not missed. */
async function findMissing(query: ReconcileQuery, listed: ReadonlySet<string>): Promise<string | null> {
  const board = boardOf(query);
  const expected = query.knownSince.filter((id) => !listed.has(id)).slice(0, missingMax);
  for (const id of expected) if ((await boardWith(query, id)) === board) return id;
  return null;
}

const Place = z.object({ board_id: z.string().nullish().catch(null) });

async function boardWith(query: ReconcileQuery, id: string): Promise<string | null> {
  try {
    const path = `/v5/pins/${encodeURIComponent(id)}`;
    const ask = { ...accessTo(query), method: 'GET', path, effect: 'read', answer: Place } as const;
    return (await callPinterest(ask)).board_id ?? null;
  } catch (error) {
    if (error instanceof PlatformError && (error.kind === 'not_found' || error.kind === 'permission')) return null;
    throw error;
  }
}
