import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from './loopback.ts';
import type { Metrics } from './metrics.ts';

export interface Health {
  readonly ok: boolean;
  /** Shown to operators: names and numbers, no secrets. */
  readonly detail: unknown;
}

export interface OpsServer extends AsyncDisposable {
  readonly port: number;
}

/** Who sees more than whether all is well. */
export interface Operators {
  /** Whether a caller on this machine counts as one. */
  readonly trustsLoopback: boolean;
  /** Whether what came as `Authorization: Bearer ...` is an operator's. */
  isOperator(bearer: string): Promise<boolean>;
}

export interface OpsServerOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** The loopback address unless told otherwise. */
  readonly host?: string | undefined;
  readonly operators: Operators;
  /** A check that fails or takes longer than `healthTimeoutMs` counts as unhealthy. */
  readonly health: () => Promise<Health>;
  readonly healthTimeoutMs?: number | undefined;
  readonly metrics: Pick<Metrics, 'exposition'>;
}

/**
 * `GET /health` (200 or 503, `{ok}`, for operators with `detail`) and, for operators, `GET /metrics`: for apps without an API of their own.
 * Rejects if it cannot listen.
 */
export async function startOpsServer({
  port,
  host = '127.0.0.1',
  health,
  healthTimeoutMs = 5000,
  metrics,
  operators,
}: OpsServerOptions): Promise<OpsServer> {
  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, contentType, text }) => send(response, status, contentType, text),
      () => send(response, 500, 'text/plain; charset=utf-8', 'internal error\n'),
    );
  });

  const answer = async (request: IncomingMessage) => {
    const { method, url = '' } = request;
    const path = url.split('?', 1)[0];
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, ...plain('method not allowed\n') };
    if (path !== '/metrics' && path !== '/health') return { status: 404, ...plain('not found\n') };
    const isForOperator = await isOperator(request, operators);
    if (path === '/metrics')
      return isForOperator
        ? { status: 200, ...(await metrics.exposition()) }
        : { status: 401, ...plain('send an API key with the scope ops: Authorization: Bearer ...\n') };
    const { ok, detail } = await healthWithin(health, healthTimeoutMs);
    return {
      status: ok ? 200 : 503,
      contentType: 'application/json; charset=utf-8',
      text: JSON.stringify(isForOperator ? { ok, detail } : { ok }),
    };
  };

  server.listen(port, host);
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function isOperator(request: IncomingMessage, operators: Operators): Promise<boolean> {
  if (operators.trustsLoopback && isLoopback(request)) return true;
  const [, bearer] = /^bearer +([\x21-\x7e]{1,4096})$/i.exec(request.headers.authorization ?? '') ?? [];
  // Whoever cannot be looked up, because the database is away, is none.
  return bearer !== undefined && operators.isOperator(bearer).catch(() => false);
}

async function healthWithin(health: () => Promise<Health>, timeoutMs: number): Promise<Health> {
  const late = Promise.withResolvers<Health>();
  const timer = setTimeout(() => late.resolve({ ok: false, detail: `no answer within ${timeoutMs} ms` }), timeoutMs);
  try {
    const { ok, detail } = await Promise.race([health(), late.promise]);
    return { ok, detail };
  } catch {
    // What went wrong is for the log of whoever checks: this answer needs no credentials.
    return { ok: false, detail: 'the health check failed' };
  } finally {
    clearTimeout(timer);
  }
}

function plain(text: string) {
  return { contentType: 'text/plain; charset=utf-8', text };
}

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  response
    .writeHead(status, {
      'content-type': contentType,
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}
