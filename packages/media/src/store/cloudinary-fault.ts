import { z } from 'zod';
import { MediaStoreError } from './media-store.ts';

const Details = z.object({ http_code: z.number().optional(), message: z.unknown().optional() });
const Nested = z.object({ error: Details });
const refusedCodes = new Set([400, 401, 403, 404, 413]);

/**
 * What the SDK rejects with, as an error of ours. Only the status and Cloudinary's own message are taken over: the object itself
 * carries the request's options, and in them the account's key and secret.
 */
export function cloudinaryFault(rejection: unknown): MediaStoreError {
  const nested = Nested.safeParse(rejection);
  const { http_code: status, message } = nested.success ? nested.data.error : (Details.safeParse(rejection).data ?? {});
  const told = typeof message === 'string' ? message.slice(0, 200) : 'no answer';
  const kind = status !== undefined && refusedCodes.has(status) ? 'refused' : 'unavailable';
  return new MediaStoreError(kind, `Cloudinary: ${told}${status === undefined ? '' : ` (${status})`}`);
}
