import type { Task } from '@vibetribe/contracts/task';
import { cronRuns } from '@vibetribe/db/schema/service';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import { cronTasks } from './cron-tasks.ts';
import { readDatabaseTime } from './find-open-slots.ts';
import { presentTask } from './list-tasks.ts';

/**
 * Asks cron to run a task by hand. Asking again before that run begins asks for nothing more; the run waits for one that is under way.
 * @throws DomainError `forbidden`, or `not_found` for a name that is no task's
 */
export async function requestTask(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  { name }: { readonly name: string },
): Promise<Task> {
  requireRight(actor, 'service:manage');
  const task = cronTasks.find((known) => known.name === name);
  if (task === undefined) throw notFound('task');
  const [run] = await deps.db.asWorker((tx) =>
    tx
      .insert(cronRuns)
      .values({ task: name, requestedAt: sql`clock_timestamp()` })
      .onConflictDoUpdate({
        target: cronRuns.task,
        set: { requestedAt: sql`coalesce(${cronRuns.requestedAt}, excluded.requested_at)` },
      })
      .returning(),
  );
  return presentTask(task, run, await readDatabaseTime(deps.db));
}
