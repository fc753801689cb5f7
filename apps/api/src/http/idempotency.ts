import { DomainError } from '@vibetribe/core/domain-error';
import { errorCodes } from '@vibetribe/contracts/error-code';
import type { Database, Transaction } from '@vibetribe/db/connect-database';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  beginRequest,
  digestOf,
  forgetRequest,
  rememberAnswer,
  type HeldKey,
  type KeyedRequest,
  type StoredAnswer,
} from './idempotency-store.ts';
import { problemMediaType, problemOf } from './problem.ts';
import { refusalOf } from './problem-handler.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route honours `Idempotency-Key`. `secretFields` of the answer are shown once and never stored. */
    idempotent?: { readonly secretFields?: readonly string[] };
  }
}

interface PendingAnswer {
  readonly held: HeldKey;
  readonly secretFields: readonly string[];
  isAnswered: boolean;
}

const pendingAnswers = new WeakMap<FastifyRequest, PendingAnswer>();

/** Answers of the moment, which a later try may find changed. */
const passingCodes = new Set(['rate_limited', 'idempotency_in_flight']);
const rememberedHeaders = ['etag', 'location'];

/** Makes the routes that say so repeatable. Register before them. @param lockMs longer than any request may take */
export function honourIdempotencyKeys(
  app: FastifyInstance,
  { db, lockMs }: { readonly db: Database; readonly lockMs: number },
): void {
  app.addHook('onRoute', (route) => {
    const options = route.config?.idempotent;
    if (options === undefined) return;
    const { handler } = route;
    route.handler = async function idempotentHandler(request, reply) {
      const keyed = keyedRequest(request);
      if (keyed === null) return handler.call(this, request, reply);
      const begun = await beginRequest(db, keyed, lockMs);
      switch (begun.kind) {
        case 'answered':
          return replay(reply, begun.answer);
        case 'in_flight':
          throw new DomainError('idempotency_in_flight', 'Ask again in a moment.', { retryAfterSeconds: 1 });
        case 'other_body':
          throw new DomainError('idempotency_mismatch', 'Use a new key for a new request.');
        case 'held': {
          const pending: PendingAnswer = {
            held: begun.held,
            secretFields: options.secretFields ?? [],
            isAnswered: false,
          };
          pendingAnswers.set(request, pending);
          const held = holdSend(reply);
          return runOnce({ db, pending, request, reply: held }, async () => handler.call(this, request, held.reply));
        }
      }
    };
  });
}

/**
 * For a verb's `beforeCommit`: stores the answer in the verb's own transaction, so that not even a crash between the commit
 * and the answer lets a repeated request do the work twice. Undefined where the request has no key.
 */
export function answerInTransaction<Result>(
  request: FastifyRequest,
  { status, headersOf }: { readonly status: number; readonly headersOf?: (result: Result) => Record<string, string> },
): ((tx: Transaction, result: Result) => Promise<void>) | undefined {
  const pending = pendingAnswers.get(request);
  if (pending === undefined) return undefined;
  return async (tx, result) => {
    await remember(tx, pending, {
      status,
      contentType: 'application/json; charset=utf-8',
      headers: headersOf?.(result) ?? {},
      body: withoutSecrets(result, pending.secretFields),
    });
    pending.isAnswered = true;
  };
}

interface HeldReply {
  /** What the handler is given. */
  readonly reply: FastifyReply;
  /** What it has sent with it; null before. */
  sent: { readonly payload: unknown } | null;
}

/** Whether a handler returns its answer or sends it, nothing leaves before it is remembered: sending only hands it over. */
function holdSend(reply: FastifyReply): HeldReply {
  const send = (payload: unknown) => {
    held.sent ??= { payload };
    return held.reply;
  };
  // A reply is awaited until it has left.
  const instead = new Map<string | symbol, unknown>([
    ['send', send],
    ['then', undefined],
  ]);
  const held: HeldReply = {
    reply: new Proxy(reply, {
      get: (target, name, receiver) => (instead.has(name) ? instead.get(name) : Reflect.get(target, name, receiver)),
    }),
    sent: null,
  };
  return held;
}

type Run = { db: Database; pending: PendingAnswer; request: FastifyRequest; reply: HeldReply };

async function runOnce({ db, pending, request, reply }: Run, handle: () => Promise<unknown>): Promise<unknown> {
  const { organizationId } = pending.held;
  let body: unknown;
  try {
    body = bodyOf(await handle(), reply);
  } catch (error) {
    if (!pending.isAnswered) await db.asTenant(organizationId, (tx) => keepRefusal(tx, pending, request, error));
    throw error;
  }
  if (!pending.isAnswered) {
    await db.asTenant(organizationId, (tx) =>
      remember(tx, pending, {
        status: reply.reply.statusCode,
        contentType: 'application/json; charset=utf-8',
        headers: headersOf(reply.reply),
        body: withoutSecrets(body, pending.secretFields),
      }),
    );
  }
  return body;
}

/** @throws where it is none that can be remembered, before it leaves */
function bodyOf(returned: unknown, { reply, sent }: HeldReply): unknown {
  const body = sent === null ? returned : sent.payload;
  const isJson = typeof body === 'object' && body !== null && !Buffer.isBuffer(body) && !('pipe' in body);
  if (body instanceof Error) throw body;
  if (!isJson || body === reply) throw new Error('an idempotent route answers with JSON');
  return body;
}

async function remember(tx: Transaction, pending: PendingAnswer, answer: StoredAnswer): Promise<void> {
  if (await rememberAnswer(tx, pending.held, answer)) return;
  throw new DomainError('idempotency_in_flight', 'The request took so long that another one has taken its key.', {
    retryAfterSeconds: 1,
  });
}

async function keepRefusal(
  tx: Transaction,
  pending: PendingAnswer,
  request: FastifyRequest,
  error: unknown,
): Promise<void> {
  const refusal = refusalOf(
    error instanceof Error ? error : new Error('something that is no error was thrown', { cause: error }),
  );
  const { status } = errorCodes[refusal.code];
  if (status >= 500 || passingCodes.has(refusal.code)) {
    await forgetRequest(tx, pending.held);
    return;
  }
  await rememberAnswer(tx, pending.held, {
    status,
    contentType: problemMediaType,
    headers: {},
    body: problemOf(refusal, request.id),
  });
}

function keyedRequest(request: FastifyRequest): KeyedRequest | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw new DomainError('validation_failed', 'The idempotency key is not valid.', {
      errors: [{ path: 'Idempotency-Key', message: 'must have 1 to 255 printable ASCII characters' }],
    });
  }
  const { organizationId, principal } = request.actor;
  const { params, query, body } = request;
  const route = `${request.method} ${request.routeOptions.url}`;
  return { organizationId, principal, route, key, bodyHash: digestOf({ params, query, body: body ?? null }) };
}

function replay(reply: FastifyReply, answer: StoredAnswer): FastifyReply {
  // As bytes: the route's schema may ask for a secret that is no longer there.
  const body = Buffer.from(JSON.stringify(answer.body));
  return reply
    .code(answer.status)
    .headers({ ...answer.headers, 'idempotent-replayed': 'true' })
    .type(answer.contentType)
    .send(body);
}

function headersOf(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(
    rememberedHeaders.flatMap((name) => {
      const value = reply.getHeader(name);
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

function withoutSecrets(body: unknown, secretFields: readonly string[]): unknown {
  if (typeof body !== 'object' || body === null || secretFields.length === 0) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => !secretFields.includes(name)));
}
