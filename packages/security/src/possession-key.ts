import { createHash, randomUUID } from 'node:crypto';
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose';

const algorithm = 'ES256';

/** A request as a proof names it. `accessToken` where one is sent along, `nonce` where the server has given one. */
export interface ProvenRequest {
  readonly method: string;
  readonly url: string;
  readonly accessToken?: string | undefined;
  readonly nonce?: string | undefined;
  readonly nowMs: number;
}

/** A private key as the text of a JWK, to be kept like a token. */
export async function newPossessionKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const { crv, x, y, d } = await exportJWK(privateKey);
  return JSON.stringify({ kty: 'EC', crv, x, y, d });
}

/** What others may know of the key, with its thumbprint as its id. */
export async function publicKeyOf(key: string): Promise<PublicKey & { readonly kid: string }> {
  const { kty, crv, x, y } = privateKeyIn(key);
  const shown = { kty, crv, x, y };
  return { ...shown, kid: await calculateJwkThumbprint(shown) };
}

/** Proof that whoever sends this one request has the key (DPoP, RFC 9449, 4.2). */
export async function signProof(
  key: string,
  { method, url, accessToken, nonce, nowMs }: ProvenRequest,
): Promise<string> {
  const { kid: _kid, ...jwk } = await publicKeyOf(key);
  const { origin, pathname } = new URL(url);
  const hash = accessToken === undefined ? {} : { ath: createHash('sha256').update(accessToken).digest('base64url') };
  return new SignJWT({ htm: method, htu: `${origin}${pathname}`, ...hash, ...(nonce === undefined ? {} : { nonce }) })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: algorithm, jwk })
    .setJti(randomUUID())
    .setIssuedAt(Math.floor(nowMs / 1_000))
    .sign(await importJWK(privateKeyIn(key), algorithm));
}

/** Proof that we are the client of this id (private_key_jwt, RFC 7523), for one request to this server. */
export async function signClientAssertion(
  key: string,
  { clientId, audience, nowMs }: { readonly clientId: string; readonly audience: string; readonly nowMs: number },
): Promise<string> {
  const { kid } = await publicKeyOf(key);
  const issuedAtSeconds = Math.floor(nowMs / 1_000);
  return new SignJWT({})
    .setProtectedHeader({ alg: algorithm, kid })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt(issuedAtSeconds)
    .setExpirationTime(issuedAtSeconds + assertionSeconds)
    .sign(await importJWK(privateKeyIn(key), algorithm));
}

const assertionSeconds = 60;

interface PublicKey {
  readonly kty: 'EC';
  readonly crv: string;
  readonly x: string;
  readonly y: string;
}

function privateKeyIn(key: string): PublicKey & { readonly d: string } {
  const jwk: PublicKey & { readonly d: string } = JSON.parse(key);
  return jwk;
}
