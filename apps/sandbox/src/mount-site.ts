import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RefusalError, sendAnswer } from './answer.ts';
import { applyAfterWork, applyBeforeWork, kindsAfterReading, kindsAtTheDoor } from './faults/apply-fault.ts';
import type { FaultBook, FaultProbe } from './faults/fault-book.ts';
import type { Fault } from './faults/fault.ts';
import type { Site } from './site.ts';
import { acceptFiles } from './uploads/accept-files.ts';
import type { RequestEntry, RequestLog } from './state/request-log.ts';
import type { SandboxState } from './state/sandbox-state.ts';

export type SiteSurroundings = {
  sandbox: Pick<SandboxState, 'accounts' | 'clock'>;
  faults: FaultBook;
  requests: RequestLog;
  /** Aborted when the sandbox stops. */
  closing: AbortSignal;
};

/** Puts a site's routes into an application of their own, with the log, the faults and the platform's error shapes. */
export async function mountSite(app: FastifyInstance, site: Site, surroundings: SiteSurroundings): Promise<void> {
  const { sandbox, faults, requests, closing } = surroundings;
  const { answers } = site;
  const entries = new WeakMap<FastifyRequest, RequestEntry>();
  const afterWork = new WeakMap<FastifyRequest, Fault>();
  const isPage = (request: FastifyRequest) => request.routeOptions.config.page === true;

  await app.register(formbody);
  parseEmptyJsonAsNothing(app);
  acceptFiles(app);
  app.decorateRequest('visit');

  function probe(request: FastifyRequest): FaultProbe {
    const { caller } = request.visit;
    const path = pathOf(request);
    return {
      platform: site.platform,
      site: site.id,
      method: request.method,
      path,
      caller,
      isAccount: (name, account) => name === account || isHandleOf(site, sandbox, name, account),
    };
  }

  app.addHook('onRequest', async (request, reply) => {
    request.visit = { caller: undefined, listingLagMs: 0 };
    if (isPage(request)) return undefined;
    request.visit.caller = site.identify(request);
    const at = new Date(sandbox.clock.wallMs()).toISOString();
    const place = { platform: site.platform, site: site.id, account: request.visit.caller?.account ?? null };
    entries.set(request, requests.open({ at, ...place, method: request.method, path: pathOf(request) }));
    const fault = faults.strike(probe(request), kindsAtTheDoor);
    if (await strike(request, reply, fault)) return reply;
    return undefined;
  });

  app.addHook('preHandler', async (request, reply) => {
    const entry = entries.get(request);
    if (entry === undefined) return undefined;
    request.visit.caller ??= site.identify(request);
    entry.account = request.visit.caller?.account ?? null;
    const fault = faults.strike(probe(request), kindsAfterReading);
    if (await strike(request, reply, fault)) return reply;
    if (request.routeOptions.config.listing === true) request.visit.listingLagMs = faults.listingLagMs(probe(request));
    return undefined;
  });

  async function strike(request: FastifyRequest, reply: FastifyReply, fault: Fault | undefined): Promise<boolean> {
    if (fault === undefined) return false;
    const entry = entries.get(request);
    if (entry !== undefined) entry.fault = fault.kind;
    afterWork.set(request, fault);
    const { caller } = request.visit;
    return applyBeforeWork(fault, request, reply, { answers, clock: sandbox.clock, caller, closing });
  }

  app.addHook('onSend', async (request, reply, payload) => {
    const fault = afterWork.get(request);
    return fault === undefined ? payload : applyAfterWork(fault, request, reply, payload, answers);
  });

  app.addHook('onResponse', async (request, reply) => {
    const entry = entries.get(request);
    if (entry !== undefined) {
      requests.answered(entry, reply.raw.writableFinished ? reply.statusCode : null, reply.elapsedTime);
    }
  });

  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    requests.unknownRoute(site.platform, request.method, path);
    return sendAnswer(reply, answers.notFound(request.method, path));
  });

  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (error instanceof RefusalError) return sendAnswer(reply, error.answer);
    const status = error.statusCode ?? 500;
    if (status < 500) return sendAnswer(reply, answers.malformed(status, error.message));
    request.log.error({ err: error, path: pathOf(request) }, 'a route failed');
    return sendAnswer(reply, answers.internalError());
  });

  site.routes(app);
}

/** As it was asked for, without the query, which may carry a code or a token. */
function pathOf(request: FastifyRequest): string {
  return request.originalUrl.split('?', 1)[0] ?? request.originalUrl;
}

function isHandleOf(site: Site, { accounts }: Pick<SandboxState, 'accounts'>, name: string, account: string): boolean {
  return accounts.byHandle(site.id, site.normalizeHandle(name))?.id === account;
}

/** Clients send `Content-Type: application/json` with DELETE and with POSTs that have no body. */
function parseEmptyJsonAsNothing(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, String(body), done);
  });
}
