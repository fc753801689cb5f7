import { PageQuery, pageOf } from '@vibetribe/contracts/page';
import {
  CleanQueue,
  JobsMoved,
  ProcessedPublication,
  ProcessedStats,
  QueueJob,
  QueueJobState,
  QueueList,
  QueueSummary,
  RescheduleJob,
} from '@vibetribe/contracts/queue';
import { DomainError, notFound } from '@vibetribe/core/domain-error';
import { clearProcessed } from '@vibetribe/core/queues/clear-processed';
import { getProcessed } from '@vibetribe/core/queues/get-processed';
import { getProcessedStats } from '@vibetribe/core/queues/get-processed-stats';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { decodeCursor, encodeCursor } from '../../http/cursor.ts';

const tags = ['queues'];
const config = { access: 'service:manage' } as const;
const QueueParams = z.object({ name: z.string().max(100) });
const JobParams = QueueParams.extend({ id: z.string().max(200) });
const JobsQuery = PageQuery.extend({ state: QueueJobState.default('waiting') });
const Offset = z.int().nonnegative().max(10_000_000);

/** The operator's view of BullMQ's queues. Rows in PostgreSQL decide what is published: no job is a post's truth. */
export const queueRoutes: FastifyPluginAsyncZod<{ services: Pick<ApiServices, 'db' | 'queueAdmin'> }> = async (
  app,
  { services },
) => {
  const { queueAdmin } = services;
  const summaryOf = async (name: string) => present(await queueAdmin.summary(name), 'queue');

  app.get(
    '/queues',
    {
      config,
      schema: {
        operationId: 'listQueues',
        summary: 'List queues with their counts',
        tags,
        response: { 200: QueueList },
      },
    },
    async () => ({ items: await queueAdmin.list(), statistics: await queueAdmin.statistics(), nextCursor: null }),
  );

  app.get(
    '/queues/:name/jobs',
    {
      config,
      schema: {
        operationId: 'listQueueJobs',
        summary: 'List the jobs of a queue in one state',
        tags,
        params: QueueParams,
        querystring: JobsQuery,
        response: { 200: pageOf(QueueJob) },
      },
    },
    async ({ params, query }) => {
      const offset = decodeCursor(Offset, query.cursor) ?? 0;
      const page = present(await queueAdmin.jobs(params.name, query.state, { offset, limit: query.limit }), 'queue');
      const next = offset + page.items.length;
      return {
        items: page.items.map(presentJob),
        nextCursor: page.items.length > 0 && next < page.total ? encodeCursor(next) : null,
      };
    },
  );

  app.get(
    '/queues/:name/jobs/:id',
    {
      config,
      schema: {
        operationId: 'getQueueJob',
        summary: 'Read a job',
        tags,
        params: JobParams,
        response: { 200: QueueJob },
      },
    },
    async ({ params }) => presentJob(present(await queueAdmin.job(params.name, params.id), 'job')),
  );

  app.put(
    '/queues/:name/jobs/:id',
    {
      config: { ...config, errors: ['conflict'] },
      schema: {
        operationId: 'rescheduleQueueJob',
        summary: 'Move a delayed job',
        tags,
        params: JobParams,
        body: RescheduleJob,
        response: { 200: QueueJob },
      },
    },
    async ({ params, body }) => {
      present(await queueAdmin.job(params.name, params.id), 'job');
      if (!(await queueAdmin.reschedule(params.name, params.id, body.delayMs)))
        throw new DomainError('conflict', 'The job is not delayed.');
      return presentJob(present(await queueAdmin.job(params.name, params.id), 'job'));
    },
  );

  app.delete(
    '/queues/:name/jobs/:id',
    {
      config: { ...config, errors: ['conflict'] },
      schema: {
        operationId: 'removeQueueJob',
        summary: 'Remove a job; its publications are enqueued again when they count as lost',
        tags,
        params: JobParams,
        response: { 204: z.undefined() },
      },
    },
    async ({ params }, reply) => {
      if (!(await queueAdmin.remove(params.name, params.id))) {
        present(await queueAdmin.job(params.name, params.id), 'job');
        throw new DomainError('conflict', 'A worker holds the job.');
      }
      return reply.code(204).send();
    },
  );

  app.post(
    '/queues/:name/pause',
    {
      config,
      schema: {
        operationId: 'pauseQueue',
        summary: 'Pause a queue',
        tags,
        params: QueueParams,
        response: { 200: QueueSummary },
      },
    },
    async ({ params: { name } }) => {
      if (!(await queueAdmin.pause(name))) throw notFound('queue');
      return summaryOf(name);
    },
  );

  app.post(
    '/queues/:name/resume',
    {
      config,
      schema: {
        operationId: 'resumeQueue',
        summary: 'Resume a queue',
        tags,
        params: QueueParams,
        response: { 200: QueueSummary },
      },
    },
    async ({ params: { name } }) => {
      if (!(await queueAdmin.resume(name))) throw notFound('queue');
      return summaryOf(name);
    },
  );

  app.post(
    '/queues/:name/retry-failed',
    {
      config,
      schema: {
        operationId: 'retryFailedJobs',
        summary: 'Let failed jobs wait again',
        tags,
        params: QueueParams,
        response: { 200: JobsMoved },
      },
    },
    async ({ params }) => ({ count: present(await queueAdmin.retryFailed(params.name), 'queue') }),
  );

  app.post(
    '/queues/:name/clean',
    {
      config,
      schema: {
        operationId: 'cleanQueue',
        summary: 'Remove old jobs of one state',
        tags,
        params: QueueParams,
        body: CleanQueue.nullish(),
        response: { 200: JobsMoved },
      },
    },
    async ({ params, body }) => ({
      count: present(await queueAdmin.clean(params.name, body ?? CleanQueue.parse({})), 'queue'),
    }),
  );

  app.get(
    '/queues/processed/stats',
    {
      config,
      schema: {
        operationId: 'getProcessedStats',
        summary: 'Count sends by what became of them',
        tags,
        response: { 200: ProcessedStats },
      },
    },
    async (request) => getProcessedStats(services, request.actor),
  );

  app.delete(
    '/queues/processed',
    {
      config,
      schema: {
        operationId: 'clearProcessed',
        summary: 'Clear the record of what was processed; nothing is sent again for it',
        tags,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await clearProcessed(services, request.actor);
      return reply.code(204).send();
    },
  );

  app.get(
    '/queues/processed/:publicationId',
    {
      config,
      schema: {
        operationId: 'getProcessed',
        summary: 'Tell whether a publication was processed, and each send',
        tags,
        params: z.object({ publicationId: z.string().max(100) }),
        response: { 200: ProcessedPublication },
      },
    },
    async (request) => getProcessed(services, request.actor, request.params),
  );
};

function present<Value>(value: Value | null, what: string): Value {
  if (value === null) throw notFound(what);
  return value;
}

function presentJob(job: NonNullable<Awaited<ReturnType<ApiServices['queueAdmin']['job']>>>): QueueJob {
  return {
    ...job,
    data: { publications: [...job.data.publications] },
    addedAt: job.addedAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    finishedAt: job.finishedAt?.toISOString() ?? null,
  };
}
