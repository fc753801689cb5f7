import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DomainError } from '@vibetribe/core/domain-error';
import type { Database, Transaction } from '@vibetribe/db/connect-database';
import type { Clock } from '@vibetribe/resilience/clock';
import { principalOf } from './authentication.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A GET that changes something. Other methods always count as such. */
    writes?: true;
  }
}

/** How much sooner than the framework's own time-out a request is over: that one ends with the body of the request. */
export const answerGraceMs = 500;

export interface RequestLife {
  /** The database for the routes: work for a request that is over is rolled back, and stands in the name of whoever asked for it. */
  bind(db: Database): Database;
  /** Ends handlers whose time is over. Register after everything that wraps handlers. */
  attach(app: FastifyInstance): void;
}

interface Life {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly endsAtMonotonicMs: number;
  readonly endsAtMs: number;
}

/**
 * Nobody hears the answer of a request that is over, and its sender may have sent another one since: a process that was frozen must not
 * carry it out when it wakes. A request is over when it was answered, when its time has passed by either clock, and when its client has
 * gone.
 */
export function createRequestLife(clock: Clock): RequestLife {
  const lives = new WeakMap<FastifyRequest, Life>();
  const current = new AsyncLocalStorage<Life>();

  const isOver = ({ request, reply, endsAtMonotonicMs, endsAtMs }: Life) =>
    reply.sent ||
    clock.monotonicMs() >= endsAtMonotonicMs ||
    clock.now().getTime() >= endsAtMs ||
    request.raw.socket.destroyed ||
    request.raw.socket.readableEnded;

  const requireLife = (life: Life) => {
    if (isOver(life)) throw tookTooLong();
  };

  const guard = async <Result>(
    run: (work: (tx: Transaction) => Promise<Result>) => Promise<Result>,
    work: (tx: Transaction) => Promise<Result>,
  ): Promise<Result> => {
    const life = current.getStore();
    if (life === undefined) return run(work);
    requireLife(life);
    return run(async (tx) => {
      const result = await work(tx);
      // What the network has brought by now is heard first: that the client has gone, before all.
      await nextTurn();
      requireLife(life);
      return result;
    });
  };

  const principal = () => principalOf(current.getStore()?.request);

  return {
    bind: (db) => ({
      ...db,
      asTenant: (organizationId, work, by = principal()) =>
        guard((guarded) => db.asTenant(organizationId, guarded, by), work),
      asWorker: (work) => guard((guarded) => db.asWorker(guarded), work),
      asKeyedWorker: (work) => guard((guarded) => db.asKeyedWorker(guarded), work),
      asIdentity: (work, by = principal()) => guard((guarded) => db.asIdentity(guarded, by), work),
    }),

    attach(app) {
      app.addHook('onRequest', async (request, reply) => {
        const { handlerTimeout } = request.routeOptions;
        if (handlerTimeout <= answerGraceMs) return;
        const timeoutMs = handlerTimeout - answerGraceMs;
        lives.set(request, {
          request,
          reply,
          endsAtMonotonicMs: clock.monotonicMs() + timeoutMs,
          endsAtMs: clock.now().getTime() + timeoutMs,
        });
      });
      app.addHook('onRoute', (route) => {
        if (route.config?.isSocket === true) return;
        const writes = route.config?.writes === true || [route.method].flat().some((method) => !isSafe(method));
        const { handler } = route;
        route.handler = function mortalHandler(request, reply) {
          const life = lives.get(request);
          if (life === undefined) return handler.call(this, request, reply);
          const handle = () => handler.call(this, request, reply);
          const answer: unknown = writes ? current.run(life, handle) : handle();
          return answer instanceof Promise ? beforeEnd(answer, life, clock) : answer;
        };
      });
    },
  };
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** The handler's answer, or that its time is over. What it does from then on comes to nothing, and so does its answer. */
async function beforeEnd(answer: Promise<unknown>, life: Life, clock: Clock): Promise<unknown> {
  const ended = Promise.withResolvers<never>();
  const end = () => {
    if (!life.reply.sent) ended.reject(tookTooLong());
  };
  const timer = setTimeout(end, Math.max(0, life.endsAtMonotonicMs - clock.monotonicMs()));
  try {
    return await Promise.race([answer, ended.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function tookTooLong(): DomainError {
  return new DomainError(
    'timeout',
    'The request took too long, or nobody waits for its answer: it is not carried out.',
  );
}
