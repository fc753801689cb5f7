import { createHash } from 'node:crypto';
import type pg from 'pg';

/** What our silent `publish_event` does instead of BullMQ's. */
export const silentEventBody = 'select 0::bigint';

/**
 * The functions of BullMQ 6.7 that `migrateQueue` changes: their arguments, and the MD5 of the bodies that we have read. A newer BullMQ
 * may mean something else by them.
 */
const knownFunctions: Readonly<Record<string, { readonly arguments: string; readonly bodies: readonly string[] }>> = {
  apply_retention: {
    arguments:
      'p_queue text, p_id text, p_state job_state, p_now bigint, p_remove_all boolean, p_keep_age bigint, p_keep_count integer',
    bodies: ['141c449c70d0d1eb6c41846d7d644cab'],
  },
  move_to_active: {
    arguments:
      'p_queue text, p_token text, p_lock_ms bigint, p_now bigint, p_name text, p_limiter_max integer, p_limiter_duration bigint',
    bodies: ['cb099ee7ebd18eccd8f9f9eaec4c059e'],
  },
  publish_event: {
    arguments: 'p_queue text, p_event text, p_data jsonb',
    bodies: ['df8a2eda82dbb25c4b75db4556363397', createHash('md5').update(silentEventBody).digest('hex')],
  },
};

/** BullMQ's functions are not those that this version of the product was tried with. Nothing was changed. */
export class UnknownQueueFunctionError extends Error {
  override readonly name = 'UnknownQueueFunctionError';
  readonly code = 'unknown_queue_function';
}

/**
 * Looks at what is about to be changed in BullMQ's schema.
 * @throws UnknownQueueFunctionError with the names of those that are missing, overloaded or other than known
 */
export async function checkQueueFunctions(client: Pick<pg.ClientBase, 'query'>): Promise<void> {
  // Names of types come with their schema or without it, by the search path.
  const { rows } = await client.query<{ name: string; arguments: string; body: string }>(
    `select proname as name, replace(pg_get_function_identity_arguments(oid), 'bullmq.', '') as arguments, md5(prosrc) as body
     from pg_proc where pronamespace = 'bullmq'::regnamespace and proname = any($1)`,
    [Object.keys(knownFunctions)],
  );
  const unknown = Object.entries(knownFunctions).flatMap(([name, known]) => {
    const found = rows.filter((row) => row.name === name);
    const isKnown = found.every((row) => row.arguments === known.arguments && known.bodies.includes(row.body));
    return found.length === 1 && isKnown ? [] : [name];
  });
  if (unknown.length === 0) return;
  throw new UnknownQueueFunctionError(
    `BullMQ's functions ${unknown.join(', ')} are not the known ones: read them anew before they are changed`,
  );
}
