import { Task, TaskList } from '@vibetribe/contracts/task';
import { listTasks } from '@vibetribe/core/tasks/list-tasks';
import { requestTask } from '@vibetribe/core/tasks/request-task';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';

const tags = ['tasks'];
const config = { access: 'service:manage' } as const;

/** What cron does by the clock: how it went, and a run by hand. */
export const taskRoutes: FastifyPluginAsyncZod<{ services: Pick<ApiServices, 'db' | 'wakeCron'> }> = async (
  app,
  { services },
) => {
  app.get(
    '/tasks',
    {
      config,
      schema: {
        operationId: 'listTasks',
        summary: 'List the tasks that cron runs, with how each went',
        tags,
        response: { 200: TaskList },
      },
    },
    async (request) => ({ items: await listTasks(services, request.actor), nextCursor: null }),
  );

  app.post(
    '/tasks/:name/run',
    {
      config,
      schema: {
        operationId: 'runTask',
        summary: 'Ask cron to run a task now; a run that is under way is waited for',
        tags,
        params: z.object({ name: z.string().max(100) }),
        response: { 202: Task },
      },
    },
    async (request, reply) => {
      const task = await requestTask(services, request.actor, request.params);
      services.wakeCron();
      reply.code(202);
      return task;
    },
  );
};
