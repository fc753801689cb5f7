import { z } from 'zod';
import { serverOriginOf } from '../connect/credential-fields.ts';

export const DidDocument = z.object({ service: z.array(z.object({ id: z.string(), serviceEndpoint: z.string() })) });
export type DidDocument = z.infer<typeof DidDocument>;

/** Origin of the account's own server, where the one the user named is only an entrance. Never a step down from https. */
export function ownServerOf(document: DidDocument | undefined, entrance: string): string {
  const endpoint = document?.service.find(({ id }) => id.endsWith('#atproto_pds'))?.serviceEndpoint;
  const origin = endpoint === undefined ? null : serverOriginOf(endpoint);
  return origin !== null && (origin.startsWith('https://') || entrance.startsWith('http://')) ? origin : entrance;
}
