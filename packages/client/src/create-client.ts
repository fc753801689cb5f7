import openapiClient from 'openapi-fetch';
import { authorizedFetch } from './authorized-fetch.ts';
import { createSession, keyCredentials, type SessionTokens } from './credentials.ts';
import { openLive, type LiveConnection, type LiveOptions } from './live/open-live.ts';
import type { WebSocketClass } from './live/web-socket-class.ts';
import { versionPrefix, type Ask, type Paths, type Schemas } from './paths.ts';
import { problemOf } from './problem-error.ts';

export interface ClientOptions {
  /** Where the service is, such as `https://social.example.org`. */
  readonly url: string;
  /** Requests are made with it; without one, for whoever signs in. */
  readonly apiKey?: string;
  /** Of a session that was kept. */
  readonly tokens?: SessionTokens;
  /** Told of each change of the session's tokens, to keep them; null where the session has ended. */
  readonly onTokens?: (tokens: SessionTokens | null) => void;
  readonly fetch?: typeof globalThis.fetch;
  /** For an environment without one of its own, as Node 20: that of `ws`. */
  readonly WebSocket?: WebSocketClass;
}

/** Paths are those of the API's document below `/api/v1`; each method resolves to the answer's body and rejects with a `ProblemError`. */
export interface Client {
  readonly get: Ask<'get'>;
  readonly post: Ask<'post'>;
  readonly put: Ask<'put'>;
  readonly patch: Ask<'patch'>;
  readonly delete: Ask<'delete'>;
  register(body: Schemas['Register']): Promise<Schemas['SignedIn']>;
  signIn(body: Schemas['Login']): Promise<Schemas['SignedIn']>;
  switchOrganization(organizationId: string): Promise<Schemas['SignedIn']>;
  signOut(): Promise<void>;
  /** Of whoever is signed in. */
  tokens(): SessionTokens | null;
  uploadMedia(file: Blob, options?: { readonly name?: string; readonly alt?: string }): Promise<Schemas['Media']>;
  /** Hears what happens, over whatever interruption: nothing twice, nothing missed. */
  listen(options: LiveOptions): LiveConnection;
  /** The client below this one, for answers with their headers: `{data, response}`. It rejects as this one does. */
  readonly http: ReturnType<typeof openapiClient<Paths>>;
}

export function createClient(options: ClientOptions): Client {
  const url = options.url.replace(/\/+$/, '');
  const { fetch = globalThis.fetch } = options;
  const session = createSession({
    url,
    fetch,
    first: options.tokens ?? null,
    onTokens: options.onTokens ?? (() => undefined),
  });
  const credentials = options.apiKey === undefined ? session : keyCredentials(options.apiKey);
  const http = openapiClient<Paths>({
    baseUrl: `${url}${versionPrefix}`,
    fetch: authorizedFetch(credentials, (request) => fetch(request)),
  });
  http.use({
    onResponse: async ({ response }) => {
      if (!response.ok) throw await problemOf(response);
    },
  });

  const ask = async (method: string, path: string, init: object = {}): Promise<unknown> =>
    (await (http.request as unknown as AskAny)(method, path, init)).data;
  const asking = <Method extends 'get' | 'post' | 'put' | 'patch' | 'delete'>(method: Method) =>
    ((path: string, init?: object) => ask(method, path, init)) as unknown as Ask<Method>;
  const [get, post] = [asking('get'), asking('post')];
  const signedIn = <Tokens extends SessionTokens>(tokens: Tokens): Tokens => {
    session.replace(tokens);
    return tokens;
  };

  return {
    get,
    post,
    put: asking('put'),
    patch: asking('patch'),
    delete: asking('delete'),
    register: async (body) => signedIn(await post('/auth/register', { body })),
    signIn: async (body) => signedIn(await post('/auth/login', { body })),
    switchOrganization: async (organizationId) => signedIn(await post('/auth/switch', { body: { organizationId } })),
    async signOut() {
      await post('/auth/logout');
      session.replace(null);
    },
    tokens: () => session.tokens(),
    async uploadMedia(file, { name = 'file', alt } = {}) {
      const form = new FormData();
      if (alt !== undefined) form.set('alt', alt);
      form.set('file', file, name);
      return (await ask('post', '/media/upload', { body: form })) as Schemas['Media'];
    },
    listen: (live) =>
      openLive(
        {
          address: `${url.replace(/^http/, 'ws')}${versionPrefix}/ws`,
          ticket: async () => (await post('/auth/ws-ticket')).ticket,
          WebSocket: options.WebSocket,
        },
        live,
      ),
    http,
  };
}

type AskAny = (method: string, path: string, init: object) => Promise<{ data?: unknown }>;
