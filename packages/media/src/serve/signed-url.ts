import { createHmac, timingSafeEqual } from 'node:crypto';
import { MediaMimeType } from '@vibetribe/media-rules/media-facts';
import { z } from 'zod';

/** A file that anybody who has the address may read until it expires: platforms that fetch what they publish, and browsers. */
export const FileTicket = z.strictObject({
  /** `o`: an original of the store. `r`: a rendition. */
  place: z.enum(['o', 'r']),
  key: z.string().max(300),
  mimeType: MediaMimeType,
  /** Made when it is asked for, and kept. */
  transformation: z
    .strictObject({
      width: z.int().optional(),
      height: z.int().optional(),
      quality: z.int().optional(),
      format: z.enum(['auto', 'jpeg', 'png', 'webp']).optional(),
    })
    .optional(),
});
export type FileTicket = z.infer<typeof FileTicket>;

const Signed = FileTicket.extend({ expiresAt: z.int() });
const tokenPattern = /^([A-Za-z0-9_-]{1,1000})\.([A-Za-z0-9_-]{43})$/;

/**
 * @param key secret that only this use knows
 * @param expiresAt rounded up to the hour, so that the same file keeps its address for a while and caches can keep the file
 */
export function signFileTicket(key: Buffer, ticket: FileTicket, expiresAt: Date): { token: string; expiresAt: Date } {
  const hourMs = 3_600_000;
  const rounded = Math.ceil(expiresAt.getTime() / hourMs) * hourMs;
  const payload = Buffer.from(JSON.stringify({ ...ticket, expiresAt: rounded / 1000 })).toString('base64url');
  return { token: `${payload}.${macOf(key, payload)}`, expiresAt: new Date(rounded) };
}

/** Null where the token is not ours, was changed, or has expired. */
export function readFileTicket(key: Buffer, token: string, now: Date): FileTicket | null {
  const [, payload, mac] = tokenPattern.exec(token) ?? [];
  if (payload === undefined || mac === undefined) return null;
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(key, payload)))) return null;
  const { expiresAt, ...ticket } = Signed.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  return expiresAt * 1000 > now.getTime() ? ticket : null;
}

function macOf(key: Buffer, payload: string): string {
  return createHmac('sha256', key).update(`media:${payload}`).digest('base64url');
}
