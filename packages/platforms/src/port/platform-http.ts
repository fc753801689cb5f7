/** The one way an adapter talks to a platform. Made per attempt by `createPlatformHttp`. */
export interface PlatformHttp {
  request(request: PlatformRequest): Promise<PlatformResponse>;
}

export interface PlatformRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * `json`, `form` and `multipart` set the content type; `bytes` and `stream` need one among the headers. What is streamed is
   * read as it is sent and opened once.
   */
  readonly body?:
    | { readonly json: unknown }
    | { readonly form: Readonly<Record<string, string>> }
    | { readonly bytes: Uint8Array }
    | { readonly stream: ByteStream }
    | { readonly multipart: readonly MultipartPart[] };
  /** Shorter than the client's own deadline, ms. */
  readonly timeoutMs?: number;
  /** A key of `newPossessionKey`: the request carries a proof of it, and is sent again where the server gives another nonce; a stream is then opened anew. */
  readonly proofKey?: string;
}

/** Bytes of a known count. */
export interface ByteStream {
  readonly byteLength: number;
  open(): AsyncIterable<Uint8Array>;
}

/** A field or a file of a form. Names must not hold quotes or line ends. */
export type MultipartPart =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly fileName: string; readonly contentType: string; readonly stream: ByteStream };

/** Any answer of any status; only silence and broken connections throw `TransportError`. */
export interface PlatformResponse {
  readonly status: number;
  /** Names in lower case; repeated headers are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** When the headers came in, by our clock: what a reset time in the answer is measured against. */
  readonly receivedAt: Date;
  /** Parsed JSON, or undefined where the body is not JSON. */
  readonly json: unknown;
  /** The body as text, capped. Never shown to a user and never logged. */
  readonly text: string;
}

/**
 * No answer. `sent` is the client's own evidence. `no` means that the request cannot have reached the platform whole: name not found,
 * refused, TLS, connect time-out, a body that was not read to its end. Anything else is `maybe`.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly sent: 'no' | 'maybe';
  /** `ECONNREFUSED`, `UND_ERR_HEADERS_TIMEOUT`, `deadline`, `late_fence`, `address_refused` and the like. */
  readonly code: string;

  constructor(sent: 'no' | 'maybe', code: string, cause?: unknown) {
    super(`no answer (${code})`, cause === undefined ? undefined : { cause });
    this.sent = sent;
    this.code = code;
  }
}
