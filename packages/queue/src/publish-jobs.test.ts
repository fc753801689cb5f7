import { expect, test } from 'vitest';
import { type PublishJobRequest, toPublishJobs } from './publish-jobs.ts';

test('a few publications get a job each, in the order in which they came', () => {
  const jobs = toPublishJobs([jobFor('b', { priority: 2 }), jobFor('a', { priority: 1, delayMs: 5 })]);
  expect(jobs).toEqual([
    { id: 'p_b_1', data: { publications: [{ publicationId: 'b', generation: 1 }] }, delayMs: 0, priority: 2 },
    { id: 'p_a_1', data: { publications: [{ publicationId: 'a', generation: 1 }] }, delayMs: 5, priority: 1 },
  ]);
});

test('of a crowd that is due together eight share a job, first in line first, and each is in one job', () => {
  const crowd = Array.from({ length: 100 }, (_, index) => jobFor(`c${index}`, { priority: 100 - index }));
  const jobs = toPublishJobs([...crowd, ...crowd]);
  expect(jobs).toHaveLength(13);
  expect(jobs.flatMap(({ data }) => data.publications.map(({ publicationId }) => publicationId))).toEqual(
    crowd.toReversed().map(({ publicationId }) => publicationId),
  );
  expect(jobs.map(({ priority }) => priority).slice(0, 3)).toEqual([1, 9, 17]);
});

test('in a crowd only what is due within 10 ms shares a job, and none of it runs before its time', () => {
  const crowd = Array.from({ length: 1_000 }, (_, index) => jobFor(`c${index}`, { delayMs: index * 3 }));
  const delayOf = new Map(crowd.map(({ publicationId, delayMs }) => [publicationId, delayMs]));
  const jobs = toPublishJobs(crowd);
  expect(jobs.length).toBeLessThan(400);
  for (const { data, delayMs } of jobs) {
    for (const { publicationId } of data.publications) {
      const ownMs = delayOf.get(publicationId) ?? Number.NaN;
      expect(delayMs - ownMs).toBeGreaterThanOrEqual(0);
      expect(delayMs - ownMs).toBeLessThan(10);
    }
  }
});

test('a new generation is a new job, alone or in a crowd, and no id looks like a number or has a colon', () => {
  const ids = (generation: number) =>
    [
      ...toPublishJobs([jobFor('c0', { generation })]),
      ...toPublishJobs(Array.from({ length: 60 }, (_, index) => jobFor(`c${index}`, { generation }))),
    ].map(({ id }) => id);
  const all = [...ids(1), ...ids(2)];
  expect(new Set(all).size).toBe(all.length);
  for (const id of all) expect(id).toMatch(/^p_[^:]+$/);
});

function jobFor(publicationId: string, options: Partial<PublishJobRequest> = {}): PublishJobRequest {
  return { platform: 'x', publicationId, generation: 1, delayMs: 0, priority: 0, ...options };
}
