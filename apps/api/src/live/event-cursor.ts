/** A place in the event log. Events are ordered by transaction, then by id; that order is the one they may be read in. */
export interface EventCursor {
  readonly transactionId: bigint;
  readonly id: bigint;
}

export function formatCursor({ transactionId, id }: EventCursor): string {
  return `${transactionId}-${id}`;
}

/** Null for text that `formatCursor` did not make. */
export function parseCursor(text: string): EventCursor | null {
  const [, transactionId, id] = /^(\d{1,19})-(\d{1,18})$/.exec(text) ?? [];
  return transactionId === undefined || id === undefined
    ? null
    : { transactionId: BigInt(transactionId), id: BigInt(id) };
}

export function isAfter(one: EventCursor, other: EventCursor): boolean {
  return one.transactionId === other.transactionId ? one.id > other.id : one.transactionId > other.transactionId;
}
