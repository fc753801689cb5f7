import { signProof } from '@vibetribe/security/possession-key';
import type { PlatformRequest, PlatformResponse } from '../port/platform-http.ts';

/** The last nonce of each server, by its origin. Lost with the process: the server then gives another. */
export interface ProofNonces {
  get(origin: string): string | undefined;
  keep(origin: string, nonce: string): void;
}

const originsMax = 1_000;

export function createProofNonces(): ProofNonces {
  const nonces = new Map<string, string>();
  return {
    get: (origin) => nonces.get(origin),
    keep(origin, nonce) {
      nonces.delete(origin);
      nonces.set(origin, nonce);
      const [oldest] = nonces.keys();
      if (nonces.size > originsMax && oldest !== undefined) nonces.delete(oldest);
    },
  };
}

/**
 * Sends a request with a proof of its own. A server that wants another nonce in it says so before it does anything, and is asked once
 * more: that is no second attempt. https://www.rfc-editor.org/rfc/rfc9449#section-8, read 2026-11.
 * @param send sends once
 */
export async function withProof(
  request: PlatformRequest & { readonly proofKey: string },
  send: (proven: PlatformRequest) => Promise<PlatformResponse>,
  { nonces, nowMs }: { readonly nonces: ProofNonces; readonly nowMs: () => number },
): Promise<PlatformResponse> {
  const { origin } = new URL(request.url);
  const ask = async () => {
    const { method, url, proofKey } = request;
    const accessToken = /^DPoP (\S+)$/u.exec(request.headers?.['authorization'] ?? '')?.[1];
    const proof = await signProof(proofKey, { method, url, accessToken, nonce: nonces.get(origin), nowMs: nowMs() });
    const answer = await send({ ...request, headers: { ...request.headers, dpop: proof } });
    const nonce = noncePattern.exec(answer.headers['dpop-nonce'] ?? '')?.[0];
    if (nonce !== undefined) nonces.keep(origin, nonce);
    return { answer, isNonceWanted: nonce !== undefined && wantsNonce(answer) };
  };
  const first = await ask();
  return first.isNonceWanted ? (await ask()).answer : first.answer;
}

/** Of characters that a nonce may have, and no longer than anybody needs. */
const noncePattern = /^[\x21\x23-\x5b\x5d-\x7e]{1,500}$/u;

export const nonceWanted = 'use_dpop_nonce';

/** An authorization server says it in the body, others in a header too. */
function wantsNonce({ status, headers, json }: PlatformResponse): boolean {
  if (status === 401 && (headers['www-authenticate'] ?? '').includes(`error="${nonceWanted}"`)) return true;
  return (status === 400 || status === 401) && isError(json);
}

function isError(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'error' in json && json.error === nonceWanted;
}
