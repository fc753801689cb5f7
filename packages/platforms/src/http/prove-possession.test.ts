import { newPossessionKey } from '@vibetribe/security/possession-key';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { PlatformRequest, PlatformResponse } from '../port/platform-http.ts';
import { createProofNonces, withProof } from './prove-possession.ts';
import { answerOf } from '../testing/test-platform.ts';

const nowMs = () => Date.parse('2026-11-28T10:00:00Z');
const url = 'https://pds.example/xrpc/com.atproto.repo.putRecord?a=1#b';
const wanting = (nonce: string, status = 401): PlatformResponse =>
  answerOf(status, { error: 'use_dpop_nonce' }, { 'dpop-nonce': nonce });

/** What was asked, with the claims of its proofs; the answers come in turn. */
async function ask(answers: PlatformResponse[], nonces = createProofNonces(), request: Partial<PlatformRequest> = {}) {
  const proofs: Record<string, unknown>[] = [];
  const proofKey = await newPossessionKey();
  const answer = await withProof(
    { method: 'POST', url, proofKey, ...request },
    (proven) => {
      const [, claims = ''] = (proven.headers?.['dpop'] ?? '').split('.');
      proofs.push(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')));
      return Promise.resolve(answers.shift() ?? answerOf(200, {}));
    },
    { nonces, nowMs },
  );
  return { answer, proofs };
}

test('a proof names the request, the time and the token that goes with it', async () => {
  const { proofs } = await ask([], createProofNonces(), { headers: { authorization: 'DPoP t0ken' } });
  const ath = createHash('sha256').update('t0ken').digest('base64url');
  const htu = 'https://pds.example/xrpc/com.atproto.repo.putRecord';
  expect(proofs).toEqual([{ htm: 'POST', htu, ath, iat: nowMs() / 1_000, jti: expect.any(String) }]);
});

test.each([400, 401])(
  'where the server wants its nonce (%i) it is asked again, once, with a proof of its own',
  async (status) => {
    const { answer, proofs } = await ask([wanting('n1', status)]);
    expect(answer.status).toBe(200);
    expect(proofs).toMatchObject([{}, { nonce: 'n1' }]);
    expect(proofs[0]).not.toHaveProperty('nonce');
    expect(proofs[0]?.['jti']).not.toBe(proofs[1]?.['jti']);
    const stubborn = await ask([wanting('n1', status), wanting('n2', status), wanting('n3', status)]);
    expect(stubborn.answer.status).toBe(status);
    expect(stubborn.proofs).toHaveLength(2);
  },
);

test('a header alone may say so; another refusal is not asked again', async () => {
  const challenge = { 'www-authenticate': 'DPoP algs="ES256", error="use_dpop_nonce"', 'dpop-nonce': 'n1' };
  expect((await ask([answerOf(401, undefined, challenge)])).proofs).toHaveLength(2);
  for (const other of [
    answerOf(401, { error: 'invalid_token' }, { 'dpop-nonce': 'n1' }),
    answerOf(503, {}),
    wanting(''),
  ])
    expect((await ask([other])).proofs).toHaveLength(1);
});

test('the nonce of each server is remembered, the last one counts', async () => {
  const nonces = createProofNonces();
  await ask([answerOf(200, {}, { 'dpop-nonce': 'n1' })], nonces);
  await ask([answerOf(200, {}, { 'dpop-nonce': 'n2' })], nonces);
  await ask([answerOf(200, {}, { 'dpop-nonce': 'not a nonce' })], nonces);
  expect((await ask([], nonces)).proofs).toMatchObject([{ nonce: 'n2' }]);
  expect((await ask([], nonces, { url: 'https://auth.example/token' })).proofs[0]).not.toHaveProperty('nonce');
});

test('of any number of servers so many are remembered', () => {
  const nonces = createProofNonces();
  for (let index = 0; index < 2_000; index += 1) nonces.keep(`https://s${index}.example`, 'n');
  expect(nonces.get('https://s999.example')).toBeUndefined();
  expect(nonces.get('https://s1999.example')).toBe('n');
});
