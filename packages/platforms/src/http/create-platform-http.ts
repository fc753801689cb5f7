import type { Readable } from 'node:stream';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { errors, request as dispatchRequest, type Agent, type Dispatcher } from 'undici';
import { encodeBody, type EncodedBody } from './encode-body.ts';
import {
  TransportError,
  type PlatformHttp,
  type PlatformRequest,
  type PlatformResponse,
} from '../port/platform-http.ts';
import { createProofNonces, type ProofNonces, withProof } from './prove-possession.ts';
import { readAnswer } from './read-answer.ts';

/** A request is handed to the network only while both clocks are before these: wall time too, as the monotonic clock stops in a suspended machine. */
export interface LateFence {
  readonly sendBeforeMonotonicMs: number;
  readonly sendBeforeWallMs: number;
}

/** One finished call, for logs and metrics: no query, header or body. */
export interface PlatformCall {
  readonly platform: PlatformId;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** HTTP status, or the `TransportError` code where no answer came. */
  readonly outcome: { readonly status: number } | { readonly code: string };
  readonly durationMs: number;
}

export interface PlatformHttpOptions {
  /** Made with `platformAgentOptions`. */
  readonly dispatcher: Dispatcher;
  readonly platform: PlatformId;
  /** Ends every request of this client, whatever its stage. */
  readonly deadline: AbortSignal;
  /** When `deadline` is to come: one that comes much later was held up by this process. */
  readonly deadlineMonotonicMs?: number;
  readonly lateFence?: LateFence | undefined;
  /** Runs when a body is pulled, before the late fence looks at the clocks: whatever it costs counts against the fence. */
  readonly beforeBody?: (() => Promise<void>) | undefined;
  readonly bodyBytesMax?: number | undefined;
  readonly onCall?: ((call: PlatformCall) => void) | undefined;
  /** Gets every answer that came in whole, whatever its status; it must not throw. */
  readonly onAnswer?: ((answer: PlatformResponse) => void) | undefined;
  /** Shared by the clients of a process; absent: the client's own. */
  readonly nonces?: ProofNonces | undefined;
  readonly wallClockMs: () => number;
  readonly monotonicMs: () => number;
}

/**
 * What the dispatcher has to be made with. HTTP/2 is off because undici repeats a refused HTTP/2 stream by itself;
 * idle connections are dropped early because a request that meets a closing one ends in doubt.
 */
export const platformAgentOptions = {
  allowH2: false,
  pipelining: 1,
  keepAliveTimeout: 4_000,
  keepAliveMaxTimeout: 10_000,
  headersTimeout: 30_000,
  bodyTimeout: 30_000,
} as const satisfies Agent.Options;

const bodyBytesMaxDefault = 1024 * 1024;

/**
 * An HTTP client that never follows a redirect and says for every silence whether the request can have arrived. It repeats nothing but a
 * request whose proof lacked the server's nonce.
 */
export function createPlatformHttp(options: PlatformHttpOptions): PlatformHttp {
  const nonces = options.nonces ?? createProofNonces();
  return {
    request(wanted) {
      const { proofKey } = wanted;
      if (proofKey === undefined || !URL.canParse(wanted.url)) return call(options, wanted);
      const send = (proven: PlatformRequest) => call(options, proven);
      return withProof({ ...wanted, proofKey }, send, { nonces, nowMs: options.wallClockMs });
    },
  };
}

async function call(options: PlatformHttpOptions, wanted: PlatformRequest): Promise<PlatformResponse> {
  const startedMs = options.monotonicMs();
  const { host, path } = placeOf(wanted.url);
  const report = (outcome: PlatformCall['outcome']) =>
    options.onCall?.({
      platform: options.platform,
      method: wanted.method,
      host,
      path,
      outcome,
      durationMs: options.monotonicMs() - startedMs,
    });
  const signal = signalOf(options.deadline, wanted.timeoutMs);
  const evidence: Evidence = { mayHaveLeft: false, awaitsBody: false };
  try {
    const response = await exchange(options, wanted, signal, evidence);
    report({ status: response.status });
    options.onAnswer?.(response);
    return response;
  } catch (cause) {
    const code = codeOfFailure(options, cause, signal, evidence);
    report({ code });
    throw new TransportError(evidence.mayHaveLeft ? 'maybe' : 'no', code, withoutForeignData(cause));
  }
}

/** `mayHaveLeft`: bytes of the request may have left. `awaitsBody`: a file of ours is being read. */
interface Evidence {
  mayHaveLeft: boolean;
  awaitsBody: boolean;
}

/** More than a busy second. */
const heldUpMinMs = 1_000;

/** A file of ours that does not come, and a process that was frozen, are not the platform's silence. */
function codeOfFailure(
  { deadlineMonotonicMs, monotonicMs }: PlatformHttpOptions,
  cause: unknown,
  signal: AbortSignal,
  { awaitsBody, mayHaveLeft }: Evidence,
): string {
  if (!signal.aborted) return codeOf(cause);
  if (awaitsBody) return 'body_unreadable';
  const isHeldUp = deadlineMonotonicMs !== undefined && monotonicMs() - deadlineMonotonicMs > heldUpMinMs;
  return isHeldUp && !mayHaveLeft ? 'held_up' : 'deadline';
}

async function exchange(
  options: PlatformHttpOptions,
  wanted: PlatformRequest,
  signal: AbortSignal,
  evidence: Evidence,
): Promise<PlatformResponse> {
  const body = encodeBody(wanted.body);
  const hasBody = body !== null && body.byteLength > 0;
  const checkTime = () => {
    if (isLate(options)) throw new LateFenceError();
  };
  const handOver = () => {
    checkTime();
    evidence.mayHaveLeft = true;
  };
  const answer = await dispatchRequest(wanted.url, {
    dispatcher: hasBody ? options.dispatcher : options.dispatcher.compose(onRequestStart(handOver)),
    method: wanted.method,
    headers: headersOf(wanted, body),
    body: hasBody
      ? asUndiciBody(
          guardedBody(readBody(body, evidence), body.byteLength, {
            checkTime,
            handOver,
            beforeBody: options.beforeBody,
          }),
        )
      : null,
    signal,
  });
  return readAnswer(answer, {
    receivedAt: new Date(options.wallClockMs()),
    bodyBytesMax: options.bodyBytesMax ?? bodyBytesMaxDefault,
  });
}

/**
 * undici pulls this right before it writes: the last instruction of ours before the network. The head tells the length, so the
 * request is not whole, and nobody can act on it, until the last piece has been handed over.
 */
async function* guardedBody(
  pieces: AsyncIterable<Uint8Array>,
  byteLength: number,
  guards: { checkTime: () => void; handOver: () => void; beforeBody: (() => Promise<void>) | undefined },
): AsyncGenerator<Uint8Array> {
  await guards.beforeBody?.();
  let bytesLeft = byteLength;
  for await (const piece of pieces) {
    bytesLeft -= piece.byteLength;
    if (bytesLeft < 0) throw new BodyLengthError();
    if (bytesLeft > 0) guards.checkTime();
    else guards.handOver();
    yield piece;
  }
  if (bytesLeft > 0) throw new BodyLengthError();
}

async function* readBody(body: EncodedBody, evidence: Evidence): AsyncGenerator<Uint8Array> {
  evidence.awaitsBody = true;
  try {
    for await (const piece of body.open()) {
      evidence.awaitsBody = false;
      yield piece;
      evidence.awaitsBody = true;
    }
  } catch (cause) {
    throw new BodyUnreadableError(cause);
  }
  evidence.awaitsBody = false;
}

/** undici takes any async iterable; its types name only some. A `Readable` around it would pull ahead of the write. */
function asUndiciBody(body: AsyncIterable<Uint8Array>): Readable {
  return body as unknown as Readable;
}

/** The same for a request without a body: undici calls `onRequestStart` with a connection in hand and nothing written. */
function onRequestStart(handOver: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (dispatchOptions, handler) =>
    dispatch(dispatchOptions, {
      onRequestStart(controller, context) {
        handler.onRequestStart?.(controller, context);
        if (controller.aborted) return;
        try {
          handOver();
        } catch (refusal) {
          controller.abort(refusal instanceof Error ? refusal : new LateFenceError());
        }
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
}

function isLate({ lateFence, monotonicMs, wallClockMs }: PlatformHttpOptions): boolean {
  if (lateFence === undefined) return false;
  return monotonicMs() >= lateFence.sendBeforeMonotonicMs || wallClockMs() >= lateFence.sendBeforeWallMs;
}

function headersOf(wanted: PlatformRequest, body: EncodedBody | null): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'VibeTribe' };
  if (body?.contentType !== undefined) headers['content-type'] = body.contentType;
  for (const [name, value] of Object.entries(wanted.headers ?? {})) headers[name.toLowerCase()] = value;
  // A body from a generator would otherwise go out chunked, which some upload hosts refuse.
  if (body !== null && body.byteLength > 0) headers['content-length'] = String(body.byteLength);
  return headers;
}

function signalOf(deadline: AbortSignal, timeoutMs: number | undefined): AbortSignal {
  return timeoutMs === undefined ? deadline : AbortSignal.any([deadline, AbortSignal.timeout(timeoutMs)]);
}

function placeOf(url: string): { host: string; path: string } {
  if (!URL.canParse(url)) return { host: 'invalid', path: 'invalid' };
  const { host, pathname } = new URL(url);
  return { host, path: pathname };
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ADDRESS_REFUSED') return 'address_refused';
  return typeof code === 'string' ? code : 'unknown';
}

/** The parser's error carries the bytes it met, which may be an answer with a token in it. */
function withoutForeignData(error: unknown): unknown {
  return error instanceof errors.HTTPParserError ? new Error('the answer is not HTTP/1.1') : error;
}

class LateFenceError extends Error {
  override readonly name = 'LateFenceError';
  readonly code = 'late_fence';

  constructor() {
    super('the time to send has passed');
  }
}

/** What was to be sent cannot be read: a disk or store of ours fails. */
class BodyUnreadableError extends Error {
  override readonly name = 'BodyUnreadableError';
  readonly code = 'body_unreadable';

  constructor(cause: unknown) {
    super('what was to be sent cannot be read', { cause });
  }
}

/** A file that changed while it was read. */
class BodyLengthError extends Error {
  override readonly name = 'BodyLengthError';
  readonly code = 'body_length';

  constructor() {
    super('the body has another length than it was said to have');
  }
}
