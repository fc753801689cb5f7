import { setTimeout as delay } from 'node:timers/promises';

/**
 * How a request ended, its repeats included. `refused`: a 4xx, and no earlier try can have been heard. `unknown`: a try may have
 * been heard, and no later answer tells.
 */
export interface Reply {
  readonly result: 'ok' | 'refused' | 'unknown';
  /** Of the last answer; null: there was none. */
  readonly status: number | null;
  // JSON of any shape: each caller knows what it asked for.
  readonly body: unknown;
}

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  /** How long it is repeated. Default 120,000. */
  readonly patienceMs?: number;
}

/** A client as real ones are: it repeats what got no answer, at another replica, under the same idempotency key. */
export interface ApiClient {
  send(request: ApiRequest): Promise<Reply>;
  /** @throws Error for everything but a 2xx */
  read<Body>(method: string, path: string, body?: unknown, patienceMs?: number): Promise<Body>;
  /** A picture or video; answers the id of the media file. */
  upload(file: Buffer): Promise<string>;
}

const tryTimeoutMs = 15_000;
/** Doubles with every try up to the most: impatient clients would be all the load there is. */
const pauseMs = { first: 250, most: 3_000 };

/** @param origins of the API's replicas now; `authorization` absent: nobody */
export function createApiClient(origins: () => readonly string[], authorization?: string): ApiClient {
  let turn = 0;
  const attempt = async ({
    method,
    path,
    body,
    idempotencyKey,
  }: ApiRequest): Promise<{ status: number; body: unknown }> => {
    turn += 1;
    const known = origins();
    const origin = known[turn % Math.max(1, known.length)];
    if (origin === undefined) throw new Error('no replica of the API is up');
    const answer = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(authorization === undefined ? {} : { authorization }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(tryTimeoutMs),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  };

  const send = async (request: ApiRequest): Promise<Reply> => {
    const patience = AbortSignal.timeout(request.patienceMs ?? 120_000);
    let maybeHeard = false;
    let last: { status: number | null; body: unknown } = { status: null, body: null };
    for (let pause = pauseMs.first; !patience.aborted; pause = Math.min(pauseMs.most, pause * 2)) {
      const answer = await attempt(request).catch(() => null);
      last = answer ?? { status: null, body: null };
      const { status } = last;
      if (status !== null && status < 300) return { result: 'ok', ...last };
      if (status !== null && status < 500 && !isPassing(last))
        return { result: maybeHeard ? 'unknown' : 'refused', ...last };
      maybeHeard ||= status === null || status >= 500;
      await delay(pause);
    }
    return { result: 'unknown', ...last };
  };

  return {
    send,
    async upload(file) {
      const form = new FormData();
      form.append('file', new Blob([new Uint8Array(file)]), 'file');
      const answer = await fetch(`${origins()[0]}/api/v1/media/upload`, {
        method: 'POST',
        headers: authorization === undefined ? {} : { authorization },
        body: form,
      });
      const text = await answer.text();
      if (answer.status !== 201) throw new Error(`an upload was answered ${answer.status}: ${text}`);
      return (JSON.parse(text) as { id: string }).id;
    },
    async read<Body>(method: string, path: string, body?: unknown, patienceMs?: number) {
      const reply = await send({ method, path, body, ...(patienceMs === undefined ? {} : { patienceMs }) });
      if (reply.result === 'ok') return reply.body as Body;
      throw new Error(`${method} ${path} answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    },
  };
}

/** Too many requests, or another try of the same key is still at work. */
function isPassing({ status, body }: { status: number | null; body: unknown }): boolean {
  if (status === 429) return true;
  return (
    status === 409 &&
    typeof body === 'object' &&
    body !== null &&
    'code' in body &&
    body.code === 'idempotency_in_flight'
  );
}
