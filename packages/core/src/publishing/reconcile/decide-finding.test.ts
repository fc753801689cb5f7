import { PlatformError, type PlatformErrorKind } from '@vibetribe/platforms/port/platform-error';
import { expect, test } from 'vitest';
import { newPublication } from '../state/publication-state.ts';
import { findingOfFault, findingWithoutToken, isAskedLate } from './decide-finding.ts';

const dayMs = 24 * 3_600_000;
const kinds: readonly PlatformErrorKind[] = [
  'auth_expired',
  'auth_revoked',
  'permission',
  'rate_limit',
  'quota',
  'content',
  'policy',
  'duplicate',
  'not_found',
  'media_processing',
  'unavailable',
  'network',
  'ambiguous',
];
const refusals: readonly PlatformErrorKind[] = ['permission', 'policy', 'not_found', 'content'];
const reconnect = {
  kind: 'no_answer',
  detail: 'The account must be connected again before the platform can be asked.',
  retryAfterMs: null,
  needsReconnect: true,
};

test.each(kinds.flatMap((kind) => [false, true].map((isLate) => [kind, isLate] as const)))(
  'a question that ends in %s, late: %s',
  (kind, isLate) => {
    const fault = new PlatformError(kind, 'It says no', { platformCode: 'code', retryAfterMs: 7_000 });
    const silence = {
      kind: 'no_answer',
      detail: 'The platform could not be asked: It says no',
      retryAfterMs: 7_000,
      needsReconnect: false,
    };
    const refused = { kind: 'cannot_tell', evidence: 'X refuses to be asked: It says no.' };
    const expected = kind === 'auth_revoked' ? reconnect : isLate && refusals.includes(kind) ? refused : silence;
    expect(findingOfFault(fault, 'X', isLate)).toEqual(expected);
  },
);

test.each(['auth_revoked', 'not_found', 'network'] as const)('an account that is gone, told as %s', (kind) => {
  const fault = new PlatformError(kind, 'The account is gone', { platformCode: 'gone', accountGone: 'is deleted' });
  expect(findingOfFault(fault, 'X', false)).toEqual({ kind: 'cannot_tell', evidence: 'The account is gone.' });
});

const dead = { kind: 'dead', detail: 'The token is dead.' } as const;
const later = { kind: 'later', detail: 'The token is being renewed.', retryAfterMs: 3_000 } as const;

test.each([
  ['a dead token', dead, false, reconnect],
  [
    'a token that comes later',
    later,
    false,
    { kind: 'no_answer', detail: later.detail, retryAfterMs: 3_000, needsReconnect: false },
  ],
  [
    'a dead token, late',
    dead,
    true,
    { kind: 'cannot_tell', evidence: 'The token is dead. The platform could not be asked for a day.' },
  ],
  [
    'a token that comes later, late',
    later,
    true,
    { kind: 'cannot_tell', evidence: 'The token is being renewed. The platform could not be asked for a day.' },
  ],
] as const)('%s', (_name, token, isLate, finding) => {
  expect(findingWithoutToken(token, isLate)).toEqual(finding);
});

test.each([
  ['a day after the send', 5, false],
  ['more than a day after the send', 4, true],
  ['where no send is open', null, false],
] as const)('%s', (_name, intentAtMs, isLate) => {
  expect(isAskedLate({ claimedAtMs: dayMs + 5, state: { ...newPublication, intentAtMs } })).toBe(isLate);
});
