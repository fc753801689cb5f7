import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import type { Parameters } from '../graph/call-graph.ts';
import { readyContainer, type StoredContainer } from '../graph/ready-container.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { AccountCall } from '../port/account.ts';
import type { PublishRun } from '../port/publish.ts';
import { callOf, callThreads, pathOf, threadsName } from './api.ts';
import { passingFaults } from './errors.ts';

/** https://developers.facebook.com/docs/threads/posts, read 2026-11. */
export const Created = z.object({ id: foreignNumericId() });

export function readyThreadsContainer(run: PublishRun, name: string, parameters: Parameters): Promise<string> {
  return readyContainer(run, name, {
    platformName: threadsName,
    what: 'post',
    make: (http) => makeContainer(run, http, parameters),
    stateOf: (http, container) => awaitReady(run, http, container),
  });
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
