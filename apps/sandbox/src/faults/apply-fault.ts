import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerText, sendAnswer, type Answer } from '../answer.ts';
import type { Caller, SiteAnswers } from '../site.ts';
import type { Clock } from '../state/clock.ts';
import { type Fault, FaultKind } from './fault.ts';

/** Struck before the body is read: the peer must not get the impression that anybody listens. */
export const kindsAtTheDoor: ReadonlySet<FaultKind> = new Set(['down']);

/** Struck once the request is read and its sender known. */
export const kindsAfterReading: ReadonlySet<FaultKind> = new Set(FaultKind.exclude(['down', 'listing-lag']).options);

export type FaultContext = { answers: SiteAnswers; clock: Clock; caller: Caller | undefined; closing: AbortSignal };

/** Does what the fault does instead of, or ahead of, the work. True when that was the end of the request. */
export async function applyBeforeWork(
  fault: Fault,
  request: FastifyRequest,
  reply: FastifyReply,
  { answers, clock, caller, closing }: FaultContext,
): Promise<boolean> {
  switch (fault.kind) {
    case 'http-500':
      return answered(reply, answers.internalError());
    case 'http-503':
      return answered(reply, withRetryAfter(answers.unavailable(), fault.retryAfterSeconds));
    case 'rate-limit': {
      const nowMs = clock.wallMs();
      const resetAtMs = nowMs + (fault.retryAfterSeconds ?? 60) * 1000;
      return answered(reply, withRetryAfter(answers.rateLimited({ resetAtMs, nowMs }), fault.retryAfterSeconds));
    }
    case 'garbage':
      return answered(reply, { status: 200, body: '{"data":{"id":"17' });
    case 'token-expired':
      return answered(reply, answers.tokenExpired());
    case 'token-revoked':
      return answered(reply, answers.tokenRevoked(caller));
    case 'permission':
      return answered(reply, answers.forbidden());
    case 'account-blocked':
      return answered(reply, answers.accountBlocked?.() ?? answers.forbidden());
    case 'timeout':
      reply.hijack();
      return true;
    case 'reset-before':
    case 'down':
      return dropped(request, reply);
    case 'slow':
      return (await waited(fault.delayMs ?? 3000, closing)) ? false : dropped(request, reply);
    case 'reset-after':
    case 'timeout-after':
    case 'error-after':
    case 'listing-lag':
      return false;
    default:
      return fault.kind satisfies never;
  }
}

/** Spoils an answer whose work is done. Returns the body that goes out, if any does. */
export async function applyAfterWork(
  fault: Fault,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  answers: SiteAnswers,
): Promise<unknown> {
  const { socket } = request.raw;
  if (fault.kind === 'error-after') {
    const answer = answers.internalError();
    reply.code(answer.status).header('content-type', answer.contentType ?? 'application/json; charset=utf-8');
    return answerText(answer);
  }
  if (fault.kind === 'reset-after') socket.resetAndDestroy();
  if (fault.kind === 'reset-after' || fault.kind === 'timeout-after') await closed(socket);
  return payload;
}

function answered(reply: FastifyReply, answer: Answer): true {
  sendAnswer(reply, answer);
  return true;
}

function dropped(request: FastifyRequest, reply: FastifyReply): true {
  reply.hijack();
  request.raw.socket.resetAndDestroy();
  return true;
}

/** False when the sandbox stopped first. */
async function waited(delayMs: number, closing: AbortSignal): Promise<boolean> {
  await delay(delayMs, undefined, { signal: closing }).catch((error: unknown) => {
    if (!closing.aborted) throw error;
  });
  return !closing.aborted;
}

function closed(socket: FastifyRequest['raw']['socket']): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

function withRetryAfter(answer: Answer, seconds: number | undefined): Answer {
  if (seconds === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
}
