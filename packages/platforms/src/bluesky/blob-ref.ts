import { z } from 'zod';

/** A file on the account's server, as records name it. */
export const BlobRef = z.object({
  $type: z.literal('blob'),
  ref: z.object({ $link: z.string() }),
  mimeType: z.string(),
  size: z.int(),
});
export type BlobRef = z.infer<typeof BlobRef>;

/** Servers remove a blob that no record names; an hour is the least they keep it. https://atproto.com/specs/blob, read 2026-11. */
const unnamedLifeMs = 3_600_000;

/** ISO 8601. */
export function unnamedUntil(uploadedAt: Date): string {
  return new Date(uploadedAt.getTime() + unnamedLifeMs).toISOString();
}
