import { connectOnce, type SingleConnection } from '@vibetribe/db/connect-once';

/** Held until it is released, or its connection is lost. */
export interface TaskLock extends AsyncDisposable {
  /** Aborts when the lock is lost: another process may begin the same task. */
  readonly lost: AbortSignal;
}

export interface TaskLocks extends AsyncDisposable {
  /** Null where this process or another one holds the lock. */
  tryLock(task: string): Promise<TaskLock | null>;
}

/**
 * Advisory locks of one process, all on one connection of their own: tasks that run at the same time leave the pool to their work, however
 * small it is. The locks end with the connection, however that ends.
 */
export function createTaskLocks(options: { databaseUrl: string; applicationName: string }): TaskLocks {
  /** A session may take its own lock twice, so who holds what in this process is known here. */
  const held = new Map<string, AbortController>();
  let connecting: Promise<SingleConnection> | null = null;

  const connection = async (): Promise<SingleConnection> => {
    connecting ??= connectOnce({ ...options, keepAlive: true, pipeline: true }).then(
      (opened) => {
        opened.client.once('end', () => {
          connecting = null;
          for (const lock of held.values()) lock.abort(new Error('the connection of the locks was lost'));
        });
        return opened;
      },
      (error: unknown) => {
        connecting = null;
        throw error;
      },
    );
    return connecting;
  };

  return {
    async tryLock(task) {
      if (held.has(task)) return null;
      const lock = new AbortController();
      held.set(task, lock);
      const key = `vibetribe cron ${task}`;
      try {
        const { client } = await connection();
        const { rows } = await client.query<{ isHeld: boolean }>(
          'select pg_try_advisory_lock(hashtextextended($1, 0)) as "isHeld"',
          [key],
        );
        if (rows[0]?.isHeld !== true) {
          held.delete(task);
          return null;
        }
      } catch (error) {
        held.delete(task);
        throw error;
      }
      return {
        lost: lock.signal,
        async [Symbol.asyncDispose]() {
          held.delete(task);
          if (lock.signal.aborted) return;
          const { client } = await connection();
          // Fails where the connection was lost in this moment, and the lock with it.
          await client
            .query('select pg_advisory_unlock(hashtextextended($1, 0))', [key])
            .catch(() => lock.abort(new Error('the lock was lost')));
        },
      };
    },
    async [Symbol.asyncDispose]() {
      const opened = await connecting?.catch(() => null);
      await opened?.[Symbol.asyncDispose]();
    },
  };
}
