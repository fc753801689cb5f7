import { Publication } from '@vibetribe/contracts/post';
import { PublicationStatus } from '@vibetribe/contracts/publication-status';
import { expect, test } from 'vitest';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import { newPublicationRow } from '../create/new-publication-row.ts';
import { presentPublication } from './present-publication.ts';

const draft = newPublicationRow(
  'org',
  { id: 'pub', postId: 'pst', accountId: 'acc', platform: 'x', variant: {}, partCount: 1 },
  0,
);
const row = (change: Partial<PublicationRow>): PublicationRow => ({ ...draft, ...change });

test.each(PublicationStatus.options)(
  '%s has the shape that clients rely on, and a next attempt only where one will come',
  (status) => {
    const shown = presentPublication(
      row({ status, dueAtMs: 60_000, waitingReason: status === 'waiting' ? 'token' : null }),
    );
    expect(Publication.parse(shown)).toEqual(shown);
    const looksAgain = ['scheduled', 'retrying', 'waiting'].includes(status);
    expect(shown.nextAttemptAt).toBe(looksAgain ? '1970-01-01T00:01:00.000Z' : null);
  },
);

test('what it waits for is told with its reason, and with its time where there is one', () => {
  const waiting = { status: 'waiting', waitingReason: 'rate_limit', waitingDetail: 'Full.' } as const;
  expect(presentPublication(row({ ...waiting, dueAtMs: 60_000 })).waitingFor).toEqual({
    reason: 'rate_limit',
    until: '1970-01-01T00:01:00.000Z',
    detail: 'Full.',
  });
  expect(presentPublication(row(waiting)).waitingFor).toMatchObject({ until: null });
});

test('lateness is whole milliseconds after the time wanted, and never less than none', () => {
  const published = { status: 'published', scheduledAtMs: 1_000 } as const;
  expect(presentPublication(row({ ...published, publishedAtMs: 3_500.7 })).lateByMs).toBe(2_500);
  expect(presentPublication(row({ ...published, publishedAtMs: 900 })).lateByMs).toBe(0);
  expect(presentPublication(row({ scheduledAtMs: 1_000 })).lateByMs).toBeNull();
});
