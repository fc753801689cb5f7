import type { ClockPeriod, Rewind } from './breakable-postgres.ts';
import { createSeededRandom } from './seeded-random.ts';

/** Where a post may go: one account of one organization. */
export interface ChaosAccount {
  readonly accountId: string;
  readonly organizationId: string;
  readonly platform: string;
  /** See `PlatformHost`. */
  readonly hostName: string;
  readonly handle: string;
  /** The platform's own id of it; two organizations may have connected the same account. */
  readonly externalId: string;
}

export type OperationKind =
  | 'create'
  | 'edit'
  | 'reschedule'
  | 'unschedule'
  | 'cancel'
  | 'delete'
  | 'publish_now'
  | 'retry'
  | 'decide';

/** When something is due that is a draft. */
export const neverMs = 8_640_000_000_000_000;

/**
 * One thing a client asked for, with all its repeats. `ok`: acknowledged. `refused`: the first try was answered with a refusal.
 * `unknown`: an answer was lost on the way and no later one settled it.
 */
export interface Operation {
  readonly kind: OperationKind;
  readonly organizationId: string;
  /** Unique in the run; every text of the post carries it. */
  readonly token: string;
  readonly postId: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly result: 'ok' | 'refused' | 'unknown';
  /** Of `create`. */
  readonly accountIds?: readonly string[];
  /** Of `create` and `edit`: each writes a text of its own and a time; of `reschedule` and `unschedule`: the time alone. */
  readonly revision?: number;
  readonly dueAtMs?: number;
  /** Of `edit` and `reschedule`: what is out or on its way keeps what it has, as another copy of the post had failed. */
  readonly isMend?: boolean;
  /** Of `create`: after so much lateness it is to be skipped, or somebody asked. */
  readonly misfire?: { readonly policy: 'skip' | 'ask'; readonly maxLateSeconds: number };
  /** Of `create`: how many parts it has; absent: one. */
  readonly parts?: number;
  /** Of `create`: another post has the same text, to the same accounts or to those of another organization. */
  readonly isTwin?: boolean;
  /** Of `cancel`: the accounts whose copy the answer called canceled. */
  readonly canceledAccountIds?: readonly string[];
  /** Of `decide`: whose copy of a late post, and how it was decided. */
  readonly decision?: { readonly accountId: string; readonly outcome: 'publish' | 'skip' };
}

/** What the platform accepted and shows. */
export interface VisiblePost {
  readonly platform: string;
  readonly externalId: string;
  readonly id: string;
  readonly text: string;
  readonly receivedAtMs: number;
  /** What it answers; absent: not told. */
  readonly replyTo?: string | null;
  /** A person made it on the platform itself: nobody asked the product for it. */
  readonly byHand?: boolean;
}

/** A post as its organization sees it at the end. */
export interface FinalPost {
  readonly organizationId: string;
  readonly postId: string;
  readonly content: string;
  readonly publications: readonly FinalPublication[];
}

export interface FinalPublication {
  readonly publicationId?: string;
  readonly accountId: string;
  readonly status: string;
  readonly platformPostId: string | null;
  /** Of each part what is out under, in order; null: not out. */
  readonly parts: readonly (string | null)[];
  readonly attempts: number;
  readonly waitingFor: { readonly reason: string; readonly detail: string; readonly until: string | null } | null;
  readonly error: { readonly category: string; readonly code: string; readonly message: string } | null;
}

/** From the request to disconnect an account until its answer. */
export interface AccountPeriod {
  readonly accountId: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface FaultRecord {
  readonly kind: string;
  readonly target: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** An emergency stop between its acknowledgement and the first request to lift it. */
export interface StopRecord {
  readonly organizationId: string;
  /** Null: the whole organization. */
  readonly accountId: string | null;
  readonly heldFromMs: number;
  readonly heldUntilMs: number;
  /** How long after the stop a post that was due before it may still appear, as its send was under way. Absent: as long as it holds. */
  readonly underWayMsMax?: number;
}

/** The operator called it off after the database had gone back in time, as it was out already. */
export interface OperatorCancel {
  readonly token: string;
  readonly accountId: string;
  readonly atMs: number;
}

export interface History {
  readonly accounts: readonly ChaosAccount[];
  readonly operations: readonly Operation[];
  readonly stops: readonly StopRecord[];
  readonly faults: readonly FaultRecord[];
  readonly visible: readonly VisiblePost[];
  /** Acceptances the platforms counted, also of what has been removed since. */
  readonly commits: number;
  readonly posts: readonly FinalPost[];
  readonly disconnects: readonly AccountPeriod[];
  /** When the database's clock was off. */
  readonly clockPeriods: readonly ClockPeriod[];
  /** When the database lost what had been committed to it. */
  readonly rewinds?: readonly Rewind[];
  readonly operatorCancels?: readonly OperatorCancel[];
  /** Whole requests for each text that the stand-in saw, by `requestKey`; null: nobody counted. */
  readonly requests: ReadonlyMap<string, number> | null;
  /** Stops that nobody made and that still hold, by their reasons. */
  readonly foreignStops: readonly string[];
}

/**
 * The text of a post's revision, and of a part of it: what the visible is read by. No two are alike, and every third has what servers like
 * to write anew.
 */
export function textOf(token: string, revision: number, part = 0): string {
  const place = part === 0 ? `revision ${revision}` : `revision ${revision} part ${part}`;
  const random = createSeededRandom(0).fork(`${token} ${place}`);
  const syllable = () => random.pick(Array.from('bdfgklmnprstvwz')) + random.pick(Array.from('aeiou'));
  const words = Array.from({ length: 9 }, () => syllable() + syllable() + syllable()).join(' ');
  const more = random.chance(1 / 3) ? ` "quoted" -- more at https://example.com/${token}?a=1&b=2` : '';
  return `[${token}] ${place}: ${words}${more}`;
}

export function parseText(text: string): { token: string; revision: number; part: number } | null {
  const [, token, revision, part = '0'] = /\[([a-z0-9-]+)\]\s+revision\s+(\d+)(?:\s+part\s+(\d+))?/.exec(text) ?? [];
  return token === undefined ? null : { token, revision: Number(revision), part: Number(part) };
}

/** One JSON line an entry, in the order of time where it has one. */
export function historyLines(history: History): string {
  const entries = [
    ...history.accounts.map((account) => ({ entry: 'account', ...account })),
    ...[
      ...history.operations.map((operation) => ({ entry: 'operation', ...operation, atMs: operation.startedAtMs })),
      ...history.stops.map((stop) => ({ entry: 'stop', ...stop, atMs: stop.heldFromMs })),
      ...history.disconnects.map((period) => ({ entry: 'disconnect', ...period, atMs: period.fromMs })),
      ...history.clockPeriods.map((period) => ({ entry: 'clock', ...period, atMs: period.fromMs })),
      ...(history.rewinds ?? []).map((rewind) => ({ entry: 'rewind', ...rewind, atMs: rewind.fromMs })),
      ...(history.operatorCancels ?? []).map((canceled) => ({ entry: 'called_off', ...canceled })),
      ...history.faults.map((fault) => ({ entry: 'fault', ...fault, atMs: fault.startedAtMs })),
      ...history.visible.map((line) => ({ entry: 'visible', ...line, atMs: line.receivedAtMs })),
    ].toSorted((one, other) => one.atMs - other.atMs),
    ...history.posts.map((post) => ({ entry: 'post', ...post })),
  ];
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}
