import { DomainError } from '@vibetribe/core/domain-error';
import type { z } from 'zod';

/** A list's cursor as clients see it: opaque text around the place where the page ended. */
export function encodeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @throws DomainError `validation_failed` for text that `encodeCursor` did not make for this list */
export function decodeCursor<Place>(schema: z.ZodType<Place>, cursor: string | undefined): Place | null {
  if (cursor === undefined) return null;
  const parsed = schema.safeParse(jsonOf(cursor));
  if (parsed.success) return parsed.data;
  throw new DomainError('validation_failed', 'The cursor is not one of this list.', {
    errors: [{ path: 'cursor', message: 'must be the nextCursor of an earlier page' }],
  });
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
