/**
 * A position in the event log, which is ordered by `id`. `check` tells an event from another one that has its id in a restored
 * database; it is null for a position that is no event of the organization's.
 */
export interface EventCursor {
  readonly id: number;
  readonly check: number | null;
}

export function formatCursor({ id, check }: EventCursor): string {
  return check === null ? String(id) : `${id}-${check}`;
}

/** Null for text that `formatCursor` did not make. */
export function parseCursor(text: string): EventCursor | null {
  const [, id, check] = /^(\d{1,15})(?:-(\d{1,8}))?$/.exec(text) ?? [];
  return id === undefined ? null : { id: Number(id), check: check === undefined ? null : Number(check) };
}
