import type { PlatformRequest } from './platform-http.ts';

/** A request body as it goes out; `contentType` is undefined where the caller's headers name it. */
export interface EncodedBody {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

export function encodeBody(body: PlatformRequest['body']): EncodedBody | null {
  if (body === undefined) return null;
  if ('json' in body) return { bytes: Buffer.from(JSON.stringify(body.json)), contentType: 'application/json' };
  if ('form' in body) {
    return {
      bytes: Buffer.from(new URLSearchParams(body.form).toString()),
      contentType: 'application/x-www-form-urlencoded',
    };
  }
  return { bytes: body.bytes, contentType: undefined };
}
