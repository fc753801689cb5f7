import { z } from 'zod';

/** Rises with time; beyond 2^53, so never a number. https://docs.x.com/fundamentals/x-ids, read 2026-11. */
export const XPostId = z.string().regex(/^\d{1,19}$/u);

/** The id below all others. */
export const nothingBefore = '0';

export function newerX(id: string, other: string): boolean {
  return id.length === other.length ? id > other : id.length > other.length;
}
