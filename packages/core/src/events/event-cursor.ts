/**
 * A position in the event log, which is ordered by `id`. `check` tells an event from another one that has its id in a restored
 * database; it is null for a position that is no event of the organization's. `page` is set where more than this event was told: of the
 * events in (`fromId`, `toId`] those of a publication are told together, at the last of them.
 */
export interface EventCursor {
  readonly id: number;
  readonly check: number | null;
  readonly page?: { readonly fromId: number; readonly toId: number };
}

export function formatCursor({ id, check, page }: EventCursor): string {
  if (check === null) return String(id);
  return page === undefined ? `${id}-${check}` : `${id}-${check}-${page.fromId}-${page.toId}`;
}

/** Null for text that `formatCursor` did not make. */
export function parseCursor(text: string): EventCursor | null {
  const found = /^(\d{1,15})(?:-(\d{1,8})(?:-(\d{1,15})-(\d{1,15}))?)?$/.exec(text);
  if (found === null) return null;
  const [id, check, fromId, toId] = found.slice(1).map((digits) => (digits === undefined ? null : Number(digits)));
  if (id === undefined || id === null) return null;
  const position = { id, check: check ?? null };
  if (fromId === undefined || fromId === null || toId === undefined || toId === null) return position;
  return fromId <= id && id <= toId ? { ...position, page: { fromId, toId } } : null;
}
