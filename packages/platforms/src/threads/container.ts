import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import type { Parameters } from '../graph/call-graph.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { AccountCall } from '../port/account.ts';
import type { PublishRun } from '../port/publish.ts';
import { callOf, callThreads, pathOf, threadsName } from './api.ts';
import { passingFaults } from './errors.ts';

/** What may become a post, or an item of one. Nobody sees it; it lives a day. https://developers.facebook.com/docs/threads/posts, read 2026-11. */
export const StoredContainer = z.object({ id: z.string(), madeAt: z.string(), expiresAt: z.string() });
export type StoredContainer = z.infer<typeof StoredContainer>;

export const Created = z.object({ id: foreignNumericId() });

const lifeMs = 24 * 3_600_000;
/** One this near to its end could expire before it is published. */
const lifeLeftMinMs = 30 * 60_000;
/** Containers whose media could not be fetched or read, by no fault of the media's, are made anew so often. */
const failuresMax = 3;

/**
 * A container that is ready to be published; made anew where the one before it is near its end, or failed for a reason that passes.
 * @param name of its steps: changes with what is in it
 * @throws PlatformError `media_processing` while Threads is working on it
 */
export async function readyContainer(run: PublishRun, name: string, parameters: Parameters): Promise<string> {
  let failures = 0;
  for (let generation = 0; ; generation += 1) {
    const again = generation === 0 ? '' : ` again ${generation}`;
    const made = await run.step({
      name: `${name}${again}`,
      effect: 'idempotent',
      run: async ({ http }) => {
        const { id } = await makeContainer(run, http, parameters);
        const expiresAt = new Date(run.now.getTime() + lifeMs).toISOString();
        return { id, madeAt: run.now.toISOString(), expiresAt };
      },
    });
    if (Date.parse(made.expiresAt) - run.now.getTime() < lifeLeftMinMs) continue;
    const state = await run.step({
      name: `${name}${again}: ready`,
      effect: 'read',
      run: ({ http }) => awaitReady(run, http, made),
    });
    if (state === 'ready') return made.id;
    failures += 1;
    if (failures < failuresMax) continue;
    const message = `Threads could not prepare the post, ${failuresMax} times in a row (${state})`;
    throw new PlatformError('unavailable', message, { platformCode: `container_${state}` });
  }
}

function makeContainer(run: PublishRun, http: PlatformHttp, form: Parameters) {
  const path = pathOf(run.account.externalId, '/threads');
  return callThreads({ ...callOf(run, http), method: 'POST', path, form, effect: 'idempotent', answer: Created });
}

const Status = z.object({
  status: z.enum(['EXPIRED', 'ERROR', 'FINISHED', 'IN_PROGRESS', 'PUBLISHED']),
  error_message: z.string().optional().catch(undefined),
});

/** `gone`: there is no container under this id now. Threads says so for a moment after it was made, and of one whose post is out. */
export async function readStatus(
  call: AccountCall,
  http: PlatformHttp,
  id: string,
): Promise<z.infer<typeof Status> | { readonly status: 'gone' }> {
  const query = { fields: 'id,status,error_message' };
  try {
    return await callThreads({
      ...callOf(call, http),
      method: 'GET',
      path: pathOf(id),
      query,
      effect: 'read',
      answer: Status,
    });
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const isGone = error.kind === 'not_found' || error.kind === 'media_processing' || error.platformCode === '100';
    if (isGone) return { status: 'gone' };
    throw error;
  }
}

const pollAfterMs = 5_000;
const missingMsMax = 10 * 60_000;

/** `ready`, or what went wrong and may go right with another container. */
async function awaitReady(run: PublishRun, http: PlatformHttp, { id, madeAt }: StoredContainer): Promise<string> {
  const state = await readStatus(run, http, id);
  switch (state.status) {
    case 'FINISHED':
    case 'PUBLISHED':
      return 'ready';
    case 'EXPIRED':
      return 'expired';
    case 'ERROR': {
      const fault = /^[A-Z_]{1,60}$/u.exec(state.error_message ?? '')?.[0] ?? 'UNKNOWN';
      if (passingFaults.has(fault)) return fault;
      throw new PlatformError('content', `Threads cannot use a picture or video (${fault})`, { platformCode: fault });
    }
    case 'gone':
      if (run.now.getTime() - Date.parse(madeAt) >= missingMsMax) return 'missing';
      throw stillWorking();
    case 'IN_PROGRESS':
      throw stillWorking();
  }
}

function stillWorking(): PlatformError {
  const message = `${threadsName} is still working on the post`;
  return new PlatformError('media_processing', message, { platformCode: 'in_progress', retryAfterMs: pollAfterMs });
}
