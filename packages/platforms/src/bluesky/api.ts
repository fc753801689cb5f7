import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import type { AccountAccess, AdapterAccount } from '../port/account.ts';
import type { StepEffect } from '../port/publish.ts';
import { callPlatform, type PlatformCallRequest, type Refusal } from '../http/call-platform.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ByteStream, PlatformHttp, PlatformRequest, PlatformResponse } from '../port/platform-http.ts';
import { blueskyRefusal } from './errors.ts';

export const blueskyName = 'Bluesky';
export const postCollection = 'app.bsky.feed.post';
/** Where `details` of a grant by consent hold the key that its tokens are bound to; those of an app password have none. */
export const proofKeyName = 'proofKey';

export interface XrpcCall<Answer> extends Pick<PlatformCallRequest<Answer>, 'answersToo'> {
  readonly http: PlatformHttp;
  /** Who is asked, where it is not Bluesky itself. */
  readonly platformName?: string;
  /** Origin of the account's server (PDS). */
  readonly service: string;
  readonly method: PlatformRequest['method'];
  /** Lexicon id: `com.atproto.repo.putRecord`. */
  readonly nsid: string;
  readonly parameters?: Readonly<Record<string, string | readonly string[]>>;
  readonly json?: unknown;
  readonly file?: { readonly mimeType: string; readonly stream: ByteStream };
  /** What the account's server is asked with. */
  readonly access?: Pick<AccountAccess, 'accessToken' | 'details'>;
  /** Another token: to renew a session, or of another service. */
  readonly token?: string;
  readonly effect: StepEffect;
  readonly answer: z.ZodType<Answer>;
  readonly refusalOf?: (response: PlatformResponse) => Refusal;
}

export function callXrpc<Answer>(call: XrpcCall<Answer>): Promise<Answer> {
  const parameters = Object.entries(call.parameters ?? {}).flatMap(([name, given]) =>
    [given].flat().map((value): [string, string] => [name, value]),
  );
  const query = parameters.length === 0 ? '' : `?${new URLSearchParams(parameters).toString()}`;
  const proofKey = call.access?.details[proofKeyName];
  const token = call.access?.accessToken ?? call.token;
  const request: PlatformRequest = {
    method: call.method,
    url: `${call.service}/xrpc/${call.nsid}${query}`,
    ...(proofKey === undefined ? {} : { proofKey }),
    headers: {
      ...(token === undefined ? {} : { authorization: `${proofKey === undefined ? 'Bearer' : 'DPoP'} ${token}` }),
      ...(call.file === undefined ? {} : { 'content-type': call.file.mimeType }),
    },
    ...(call.json === undefined ? {} : { body: { json: call.json } }),
    ...(call.file === undefined ? {} : { body: { stream: call.file.stream } }),
  };
  return callPlatform({ platformName: blueskyName, refusalOf: blueskyRefusal, ...call, request });
}

export function serviceOf({ service }: AdapterAccount): string {
  if (service === null)
    throw new PlatformError('permission', 'The account has no server', { platformCode: 'service_missing' });
  return service;
}

const StoredPost = z.object({
  cid: foreignId().optional().catch(undefined),
  value: z.object({ text: z.string(), createdAt: z.string() }),
});

/** The post under a record key, or null. Needs no token: records are public. */
export async function readPost(call: {
  readonly http: PlatformHttp;
  readonly account: AdapterAccount;
  readonly rkey: string;
}): Promise<{ cid: string | null; text: string; createdAt: string } | null> {
  try {
    const { cid = null, value } = await callXrpc({
      http: call.http,
      service: serviceOf(call.account),
      method: 'GET',
      nsid: 'com.atproto.repo.getRecord',
      parameters: { repo: call.account.externalId, collection: postCollection, rkey: call.rkey },
      effect: 'read',
      answer: StoredPost,
    });
    return { cid, ...value };
  } catch (error) {
    if (error instanceof PlatformError && error.platformCode === 'RecordNotFound') return null;
    throw error;
  }
}
