import { expect, test } from 'vitest';
import { postStatusOf } from './post-status.ts';
import type { PublicationStatus } from './publication-status.ts';

const statusOf = (...statuses: PublicationStatus[]) =>
  postStatusOf(statuses.map((status) => ({ status, waitingReason: null })));

test('what was called off does not make a post look as if it were on its way: the rest says what it is', () => {
  expect(statusOf('canceled', 'scheduled')).toBe('scheduled');
  expect(statusOf('skipped', 'draft', 'canceled')).toBe('draft');
  expect(statusOf('canceled', 'draft', 'scheduled')).toBe('scheduled');
  expect(statusOf('canceled', 'skipped')).toBe('canceled');
});

test('a post of which a part is out or has failed is on its way until the rest has ended', () => {
  expect(statusOf('published', 'scheduled')).toBe('publishing');
  expect(statusOf('failed', 'canceled', 'draft')).toBe('publishing');
  expect(statusOf('published', 'canceled')).toBe('partially_published');
});
