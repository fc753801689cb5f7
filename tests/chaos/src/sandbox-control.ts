import type { VisiblePost } from './history.ts';

export interface SandboxFault {
  readonly kind: string;
  readonly platform?: string;
  /** Id or handle. */
  readonly account?: string | undefined;
  readonly pathIncludes?: string;
  readonly method?: string;
  readonly times?: number;
  readonly skip?: number;
  readonly delayMs?: number;
  readonly retryAfterSeconds?: number;
}

export interface SandboxAccount {
  readonly account: { readonly id: string; readonly handle: string };
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly expiresIn?: number;
  readonly appPassword?: string;
}

/** The sandbox's control API. */
export interface SandboxControl {
  readonly origin: string;
  hosts(): Promise<Record<string, string>>;
  scaleLimits(platform: string, scale: number): Promise<void>;
  account(platform: string, handle: string): Promise<SandboxAccount>;
  expireToken(platform: string, account: string): Promise<void>;
  addFault(fault: SandboxFault): Promise<string>;
  removeFault(id: string): Promise<void>;
  /** How often the fault has struck. */
  strikesOf(id: string): Promise<number>;
  clearFaults(): Promise<void>;
  visible(): Promise<{ lines: VisiblePost[]; commits: number }>;
  /** The latest requests of one account, newest first; `status` is null while there is no answer. */
  requests(
    platform: string,
    externalId: string,
  ): Promise<{ readonly method: string; readonly path: string; readonly status: number | null }[]>;
}

const pageSize = 1000;
const timeoutMs = 30_000;

export function createSandboxControl(origin: string): SandboxControl {
  const call = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    const answer = await fetch(`${origin}/_sandbox${path}`, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text) as Body;
    throw new Error(`${method} /_sandbox${path} answered ${answer.status}: ${text}`);
  };
  return {
    origin,
    hosts: () => call('GET', '/hosts'),
    scaleLimits: (platform, scale) => call('PUT', '/limits', { platform, scale }),
    account: (platform, handle) => call('POST', '/accounts', { platform, handle }),
    expireToken: (platform, account) => call('POST', '/tokens/expire', { platform, account }),
    addFault: async (fault) => (await call<{ id: string }>('POST', '/faults', fault)).id,
    removeFault: (id) => call('DELETE', `/faults/${id}`),
    async strikesOf(id) {
      const { items } = await call<{ items: { id: string; fired: number }[] }>('GET', '/faults');
      return items.find((fault) => fault.id === id)?.fired ?? 0;
    },
    clearFaults: () => call('DELETE', '/faults'),
    async requests(platform, externalId) {
      const { items } = await call<{
        items: { account: string | null; method: string; path: string; status: number | null }[];
      }>('GET', `/requests?platform=${platform}&limit=${pageSize}`);
      return items.filter(({ account }) => account === externalId);
    },
    async visible() {
      const lines: VisiblePost[] = [];
      let commits = 0;
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: PostsPage = await call(
          'GET',
          `/posts?limit=${pageSize}${cursor === '' ? '' : `&cursor=${cursor}`}`,
        );
        lines.push(...page.items.map(lineOf));
        ({ commits } = page);
        cursor = page.nextCursor;
      }
      return { lines, commits };
    },
  };
}

interface PostsPage {
  readonly items: {
    platform: string;
    account: string;
    id: string;
    text: string;
    receivedAt: string;
    replyTo: string | null;
  }[];
  readonly nextCursor: string | null;
  readonly commits: number;
}

function lineOf({ account, receivedAt, ...post }: PostsPage['items'][number]): VisiblePost {
  const { platform, id, text, replyTo } = post;
  return { platform, externalId: account, id, text, replyTo, receivedAtMs: Date.parse(receivedAt) };
}
