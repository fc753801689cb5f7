/** Where a post may go: one account of one organization. */
export interface ChaosAccount {
  readonly accountId: string;
  readonly organizationId: string;
  readonly platform: string;
  /** The platform's own id of it. */
  readonly externalId: string;
}

export type OperationKind = 'create' | 'edit' | 'cancel' | 'delete' | 'publish_now';

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
  /** Of `create` and `edit`: each writes a text of its own and a time. */
  readonly revision?: number;
  readonly dueAtMs?: number;
  /** Of `cancel`: the accounts whose copy the answer called canceled. */
  readonly canceledAccountIds?: readonly string[];
}

/** What the platform accepted and shows. */
export interface VisiblePost {
  readonly platform: string;
  readonly externalId: string;
  readonly id: string;
  readonly text: string;
  readonly receivedAtMs: number;
}

/** A post as its organization sees it at the end. */
export interface FinalPost {
  readonly organizationId: string;
  readonly postId: string;
  readonly content: string;
  readonly publications: readonly FinalPublication[];
}

export interface FinalPublication {
  readonly accountId: string;
  readonly status: string;
  readonly platformPostId: string | null;
  readonly waitingFor: { readonly reason: string; readonly detail: string; readonly until: string | null } | null;
  readonly errorCode: string | null;
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

export interface History {
  readonly accounts: readonly ChaosAccount[];
  readonly operations: readonly Operation[];
  readonly stops: readonly StopRecord[];
  readonly faults: readonly FaultRecord[];
  readonly visible: readonly VisiblePost[];
  /** Acceptances the platforms counted, also of what has been removed since. */
  readonly commits: number;
  readonly posts: readonly FinalPost[];
}

/** The text of a post's revision: what the visible is read by. */
export function textOf(token: string, revision: number): string {
  return `Chaos post [${token}] revision ${revision}`;
}

export function parseText(text: string): { token: string; revision: number } | null {
  const found = /\[([a-z0-9-]+)\] revision (\d+)/.exec(text);
  return found?.[1] === undefined ? null : { token: found[1], revision: Number(found[2]) };
}

/** One JSON line an entry, in the order of time where it has one. */
export function historyLines(history: History): string {
  const entries = [
    ...history.accounts.map((account) => ({ entry: 'account', ...account })),
    ...[
      ...history.operations.map((operation) => ({ entry: 'operation', ...operation, atMs: operation.startedAtMs })),
      ...history.stops.map((stop) => ({ entry: 'stop', ...stop, atMs: stop.heldFromMs })),
      ...history.faults.map((fault) => ({ entry: 'fault', ...fault, atMs: fault.startedAtMs })),
      ...history.visible.map((line) => ({ entry: 'visible', ...line, atMs: line.receivedAtMs })),
    ].toSorted((one, other) => one.atMs - other.atMs),
    ...history.posts.map((post) => ({ entry: 'post', ...post })),
  ];
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}
