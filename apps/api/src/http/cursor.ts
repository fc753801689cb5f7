import { DomainError } from '@vibetribe/core/domain-error';
import { z } from 'zod';

/** A list's cursor as clients see it: opaque text around the position where the page ended. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Part of a position: an id of ours. */
export const CursorId = z.string().regex(/^[\x21-\x7e]{1,100}$/);

/** Part of a position: a time as the database writes it, to the microsecond. It knows no year 0, and no offset of 16 hours or more. */
export const CursorTime = z
  .string()
  .regex(/^(?!0000)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-](0\d|1[0-5])(:[0-5]\d){0,2}$/)
  .refine((text) => z.iso.datetime({ local: true }).safeParse(text.slice(0, 19).replace(' ', 'T')).success);

/** @throws DomainError `validation_failed` for text that `encodeCursor` did not make for this list */
export function decodeCursor<Position>(schema: z.ZodType<Position>, cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const parsed = schema.safeParse(jsonOf(cursor));
  if (parsed.success) return parsed.data;
  throw new DomainError('validation_failed', 'The cursor is not one of this list.', {
    errors: [{ path: 'cursor', message: 'must be the nextCursor of an earlier page' }],
  });
}

/** No position of ours has anything but printable ASCII in it, so that a forged one cannot reach what only takes text. */
function jsonOf(cursor: string): unknown {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!/^[\x20-\x7e]*$/.test(text) || text.includes('\\')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
