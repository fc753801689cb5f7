import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { AdapterAccount } from '../port/account.ts';
import type { CommentSupport, PlatformAdapter } from '../port/adapter.ts';
import type { LinkCard, PublishContent } from '../port/content.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import type { JsonValue } from '../port/json-value.ts';

import { bareCard } from '../content/link-card.ts';
import type { LastPost, PublishRun, ReplyTarget } from '../port/publish.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { createPlatformHttp, platformAgentOptions } from '../http/create-platform-http.ts';
import type { PlatformHttp, PlatformResponse } from '../port/platform-http.ts';
import { answerJson, bodyOf, startHttpServer, type TestServer } from './test-server.ts';

export interface SeenRequest {
  readonly route: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

type Route = (request: SeenRequest) => { status?: number; json: unknown; headers?: Record<string, string> };

/** A stand-in for a platform that answers as told: `{'GET /2/users/me': () => ({ json })}`; `seen` keeps what it was asked. */
export async function startRoutes(
  routes: Readonly<Record<string, Route>>,
): Promise<TestServer & { seen: SeenRequest[] }> {
  const seen: SeenRequest[] = [];
  const server = await startHttpServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://test');
    const asked = {
      route: `${request.method} ${url.pathname}`,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: await bodyOf(request),
    };
    seen.push(asked);
    const {
      status = 200,
      json,
      headers,
    } = routes[asked.route]?.(asked) ?? { status: 404, json: { error: 'no route' } };
    answerJson(response, status, json, headers);
  });
  return Object.assign(server, { seen });
}

export const answeredAt = new Date('2026-11-22T10:00:00Z');

export function answerOf(status: number, json: unknown, headers: Record<string, string> = {}): PlatformResponse {
  return { status, headers, receivedAt: answeredAt, json, text: '' };
}

export interface TestClient extends AsyncDisposable {
  http(timeoutMs?: number): PlatformHttp;
}

export function openTestClient(platform: PlatformId): TestClient {
  const dispatcher = new Agent(platformAgentOptions);
  return {
    http: (timeoutMs = 10_000) =>
      createPlatformHttp({
        dispatcher,
        platform,
        deadline: AbortSignal.timeout(timeoutMs),
        wallClockMs: () => new Date().getTime(),
        monotonicMs: () => performance.now(),
      }),
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

export interface TestPublication {
  readonly adapter: PlatformAdapter;
  readonly endpoints: PlatformEndpoints;
  readonly client: TestClient;
  readonly account: AdapterAccount;
  readonly accessToken: string;
  readonly details?: Readonly<Record<string, string>>;
  readonly replyTo?: ReplyTarget;
  readonly content: PublishContent;
  readonly timeoutMs?: number;
  readonly lastPost?: LastPost;
}

/** The adapter as one that writes comments below a post instead of posts. */
export function commentsOnly(adapter: PlatformAdapter, comments: CommentSupport): PlatformAdapter {
  return {
    ...adapter,
    publish: ({ replyTo, ...run }) => {
      if (replyTo === null) throw new Error('a comment answers something');
      return comments.publish({ ...run, replyTo });
    },
    reconcile: (query) => comments.reconcile(query),
  };
}

/** As if the process had died between two steps. */
export class PublisherStoppedError extends Error {
  override readonly name = 'PublisherStoppedError';
}

export interface PublishOptions {
  /** So many steps, then it stops. */
  readonly stepsMax?: number;
  /** It stops where the next step would make something visible. */
  readonly beforeSend?: boolean;
  readonly now?: Date;
}

/** As the core fixes it where no page can be read. */
function cardFor({ adapter, content }: TestPublication): LinkCard | null {
  const wish = adapter.linkCard?.(content, { mediaCount: content.media.length }) ?? null;
  return wish === null ? null : bareCard(wish);
}

/** One publication with its steps' results and keys kept as the core keeps them, in memory. */
export function startPublication(given: TestPublication) {
  const publicationId = `pub-${randomUUID()}`;
  const results: Record<string, JsonValue> = {};
  let stepsLeft = Infinity;
  let stopsBeforeSend = false;
  const content = { card: cardFor(given), ...given.content };
  const part = { scopes: [], details: {}, replyTo: null, ...given, content };
  const intents = new Map<string, { step: string; key: JsonValue; startedAt: Date }>();

  const step: PublishRun['step'] = async (wanted) => {
    const { name, key, run } = wanted;
    type Step = typeof wanted;
    const stored = results[name];
    if (stored !== undefined) return stored as Awaited<ReturnType<Step['run']>>;
    if (stepsLeft === 0 || (stopsBeforeSend && wanted.effect === 'once')) throw new PublisherStoppedError();
    stepsLeft -= 1;
    const seed = { partId: publicationId, lastPost: given.lastPost ?? null };
    const intent = intents.get(name) ?? {
      step: name,
      key: (await key?.(seed)) ?? null,
      startedAt: new Date(),
    };
    intents.set(name, intent);
    const result = await run({
      key: intent.key as never,
      http: given.client.http(given.timeoutMs),
      startedAt: new Date(),
    });
    results[name] = result;
    return result;
  };

  const hasResult = (name: string) => Object.hasOwn(results, name);

  return {
    publicationId,
    results,
    intents,
    publish: ({ stepsMax = Infinity, now = new Date(), beforeSend = false }: PublishOptions = {}) => {
      stepsLeft = stepsMax;
      stopsBeforeSend = beforeSend;
      return given.adapter.publish({ ...part, http: given.client.http(given.timeoutMs), now, step, hasResult });
    },
    /** As if the process had died after the platform's answer: the result is gone, the key stays. */
    forget: (name: string) => delete results[name],
    reconcile: (changes: Partial<ReconcileQuery> = {}): Promise<ReconcileFinding> => {
      const intent = intents.get('publish');
      if (intent === undefined) throw new Error('nothing was sent');
      return given.adapter.reconcile({
        ...part,
        http: given.client.http(),
        intent,
        askedAt: new Date(),
        results,
        takenPostIds: new Set<string>(),
        knownSince: [],
        ...changes,
      });
    },
  };
}
