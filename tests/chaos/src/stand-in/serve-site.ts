import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { SiteMemory, StandInAccount, StandInPost } from './site-memory.ts';
import { createWhims, type Whim, type Whims, whimsOfCreation } from './whims.ts';

export interface SiteRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | null;
  /** Of a JSON body. */
  readonly body: PostBody;
  readonly origin: string;
  /** Whose token it carries. */
  readonly account: StandInAccount | null;
}

interface PostBody {
  /** '' where it is missing. */
  text(name: string): string;
  /** Ids of media, and of what is answered, wherever they stand. */
  readonly mediaIds: readonly string[];
  readonly replyTo: string | null;
}

export interface SiteReply {
  readonly status: number;
  readonly json: unknown;
}

/** A request that makes a post is answered by what is to be done, so that a whim can do it later, or not at all. */
export type SiteAnswer = SiteReply | { readonly create: (changed: (text: string) => string) => SiteReply };

/** The API of one site. */
export interface SiteApi {
  readonly platform: string;
  readonly memory: SiteMemory;
  /** How far the site's clock is off. */
  readonly clockOffsetMs: number;
  /** Somebody posts in the site's own application. */
  postByHand(account: StandInAccount, text: string): void;
  answer(request: SiteRequest, lists: Lists): SiteAnswer;
  /** 200 with an error in it, as such a site writes it. */
  readonly errorBody: unknown;
}

export interface Lists {
  /** What a list shows of these posts, newest first. */
  shown(posts: readonly StandInPost[]): StandInPost[];
}

export interface Site extends AsyncDisposable {
  readonly port: number;
  readonly api: SiteApi;
  readonly whims: Whims;
  /** Requests that it did not know. */
  readonly unknownRoutes: readonly string[];
}

const bodyBytesMax = 20 * 1024 * 1024;

export async function serveSite(api: SiteApi): Promise<Site> {
  const whims = createWhims();
  const unknownRoutes: string[] = [];
  const lists: Lists = {
    shown: (posts) => (whims.holds('half-listing') ? halved(posts, api.memory) : [...posts]),
  };
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await readRequest(incoming, api.memory);
    response.setHeader('date', new Date(Date.now() + api.clockOffsetMs).toUTCString());
    const answer = api.answer(request, lists);
    if ('create' in answer) return carryOut(response, answer.create, whims.strike(whimsOfCreation), api.errorBody);
    if (answer.status === 404 && answer.json === unknownRoute) unknownRoutes.push(`${request.method} ${request.path}`);
    const isList = request.method === 'GET' && /\/(?:tweets|statuses)$/u.test(request.path);
    if (isList && whims.strike(['error-in-listing']) !== null)
      return reply(response, { status: 200, json: api.errorBody });
    reply(response, answer);
  };
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    api,
    whims,
    unknownRoutes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await Promise.resolve();
    },
  };
}

export const unknownRoute = { error: 'this stand-in does not know the route' } as const;

async function carryOut(
  response: ServerResponse,
  create: (changed: (text: string) => string) => SiteReply,
  whim: Whim | null,
  errorBody: unknown,
): Promise<void> {
  if (whim === null) return reply(response, create(unchanged));
  if (whim.kind === 'rewrites') return reply(response, create(rewritten));
  if (whim.kind === 'accepts-late') {
    setTimeout(() => create(unchanged), whim.delayMs).unref();
    return reply(response, { status: 202, json: {} });
  }
  const made = whim.isDone ? create(unchanged) : null;
  // A refusal stays one: only what would have been done is answered strangely.
  if (made !== null && made.status >= 400) return reply(response, made);
  switch (whim.kind) {
    case 'answers-202':
      return reply(response, { status: 202, json: {} });
    case 'answers-204':
      return void response.writeHead(204).end();
    case 'answers-408':
      return reply(response, { status: 408, json: { error: 'Request Timeout' } });
    case 'redirects':
      return void response.writeHead(302, { location: '/elsewhere' }).end();
    case 'error-in-200':
      return reply(response, { status: 200, json: errorBody });
    default:
      return drip(response, made ?? create(unchanged), whim.delayMs);
  }
}

function reply(response: ServerResponse, { status, json }: SiteReply): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}

const pieces = 6;

async function drip(response: ServerResponse, { status, json }: SiteReply, pauseMs: number): Promise<void> {
  const body = JSON.stringify(json);
  response.writeHead(status, { 'content-type': 'application/json' });
  const size = Math.ceil(body.length / pieces);
  for (let start = 0; start < body.length && !response.destroyed; start += size) {
    response.write(body.slice(start, start + size));
    await delay(pauseMs);
  }
  response.end();
}

const unchanged = (text: string) => text;

/** Typographic, as some sites make it: the letters stay. */
function rewritten(text: string): string {
  return `“${text.replaceAll(' ', '  ')}” …`;
}

/**
 * Every second post is left out. One that nobody is known to know of only where a newer one that somebody knows of is left out too: a list
 * that hides the only sign of a post can be seen through by nobody.
 */
function halved(posts: readonly StandInPost[], memory: SiteMemory): StandInPost[] {
  let hasHiddenKnown = false;
  return posts.filter(({ id }) => {
    if (isEven(id)) return true;
    const isKnown = memory.isKnown(id);
    if (!isKnown && !hasHiddenKnown) return true;
    hasHiddenKnown ||= isKnown;
    return false;
  });
}

function bodyOf(json: Readonly<Record<string, unknown>>): PostBody {
  const media = json['media'] as { media_ids?: string[] } | undefined;
  const reply = json['reply'] as { in_reply_to_tweet_id?: string } | undefined;
  return {
    text(name) {
      const value = json[name];
      return typeof value === 'string' ? value : '';
    },
    mediaIds: media?.media_ids ?? (json['media_ids'] as string[] | undefined) ?? [],
    replyTo: reply?.in_reply_to_tweet_id ?? (json['in_reply_to_id'] as string | undefined) ?? null,
  };
}

function isEven(id: string): boolean {
  return Array.from(id).reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 2 === 0;
}

async function readRequest(incoming: IncomingMessage, memory: SiteMemory): Promise<SiteRequest> {
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? 'stand-in'}`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new RangeError('too large a body');
    chunks.push(chunk);
  }
  const header = (name: string) => {
    const value = incoming.headers[name];
    return typeof value === 'string' ? value : null;
  };
  const isJson = header('content-type')?.startsWith('application/json') === true;
  const token = /^Bearer (.+)$/u.exec(header('authorization') ?? '')?.[1];
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    header,
    body: bodyOf(isJson ? (JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>) : {}),
    origin: url.origin,
    account: token === undefined ? null : memory.accountOf(token),
  };
}
