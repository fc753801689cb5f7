/** A client as a user would write one: HTTP and JSON, no code of the product. */
export interface Client {
  readonly organizationId: string;
  readonly token: string;
  get<Body>(path: string): Promise<Body>;
  /** Throws for an answer that is not 2xx. */
  post<Body>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Body>;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // JSON of any shape: each test knows what it asked for.
  readonly body: unknown;
}

export interface SandboxPost {
  readonly platform: string;
  readonly account: string;
  readonly id: string;
  readonly text: string;
  readonly receivedAt: string;
}

let registered = 0;

/** Registers a user with an organization of their own. */
export async function registerClient(api: string): Promise<Client> {
  registered += 1;
  const answer = await send('POST', `${api}/auth/register`, {
    email: `user-${registered}-${Date.now()}@example.com`,
    password: 'correct horse battery staple',
    name: 'A user',
    organizationName: `Organization ${registered}`,
  });
  const body = expectOk(answer, 'POST /auth/register') as { accessToken: string; organization: { id: string } };
  return clientWith(api, body.accessToken, body.organization.id);
}

export function clientWith(api: string, token: string, organizationId: string): Client {
  const request = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    send(method, `${api}${path}`, body, { authorization: `Bearer ${token}`, ...headers });
  return {
    organizationId,
    token,
    request,
    async get<Body>(path: string) {
      return expectOk(await request('GET', path), `GET ${path}`) as Body;
    },
    async post<Body>(path: string, body?: unknown, headers?: Record<string, string>) {
      return expectOk(await request('POST', path, body ?? {}, headers), `POST ${path}`) as Body;
    },
  };
}

/** Where accounts of these are connected by hand; everywhere else through the consent page. */
const handHeld = new Map<string, (given: Given) => Record<string, string | undefined>>([
  ['bluesky', ({ hosts, handle, appPassword }) => ({ service: hosts['bluesky'], handle, appPassword })],
  ['mastodon', ({ hosts, accessToken }) => ({ instance: hosts['mastodon'], accessToken })],
  ['discord', ({ botToken, channelId }) => ({ botToken, channelId })],
]);

interface Given {
  readonly hosts: Readonly<Record<string, string>>;
  readonly handle: string;
  readonly accessToken?: string;
  readonly appPassword?: string;
  readonly botToken?: string;
  readonly channelId?: string;
}

/** Makes an account on the sandbox's platform and connects it, by hand or through the consent page. */
export async function connectAccount(
  client: Client,
  sandbox: string,
  platform: string,
  handle: string,
  way: 'as usual' | 'by consent' = 'as usual',
): Promise<string> {
  const credentialsOf = way === 'by consent' && consentAt.has(platform) ? undefined : handHeld.get(platform);
  if (credentialsOf === undefined) return connectThroughConsent(client, sandbox, platform, handle);
  const made = expectOk(
    await send('POST', `${sandbox}/_sandbox/accounts`, { platform, handle }),
    'POST /_sandbox/accounts',
  ) as Omit<Given, 'hosts' | 'handle'> & { account: { handle: string } };
  const hosts = expectOk(await send('GET', `${sandbox}/_sandbox/hosts`), 'GET /_sandbox/hosts') as Given['hosts'];
  const credentials = credentialsOf({ ...made, hosts, handle: made.account.handle });
  return (await client.post<{ id: string }>('/accounts/manual', { platform, credentials })).id;
}

/** Of the platforms with many servers: the field that names one. */
const consentAt = new Map([
  ['bluesky', 'service'],
  ['mastodon', 'instance'],
]);

async function connectThroughConsent(
  client: Client,
  sandbox: string,
  platform: string,
  handle: string,
): Promise<string> {
  const field = consentAt.get(platform);
  const hosts = (await send('GET', `${sandbox}/_sandbox/hosts`)).body as Given['hosts'];
  const place = field === undefined ? {} : { [field]: hosts[platform] };
  const begun = await client.post<{ authorizationUrl: string }>('/accounts/connect', { platform, ...place });
  const { authorizationUrl } = begun;
  const consent = await fetch(`${authorizationUrl}&sandbox_approve=${encodeURIComponent(handle)}`, {
    redirect: 'manual',
  });
  const callback = new URL(consent.headers.get('location') ?? '');
  const answer = await client.request('GET', `/accounts/callback/${platform}${callback.search}`);
  return (expectOk(answer, 'GET /accounts/callback') as { account: { id: string } }).account.id;
}

export async function sandboxPosts(sandbox: string): Promise<{ items: SandboxPost[]; commits: number }> {
  const items: SandboxPost[] = [];
  let cursor: string | null = null;
  let commits = 0;
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = expectOk(await send('GET', `${sandbox}/_sandbox/posts?limit=500${query}`), 'GET /_sandbox/posts') as {
      items: SandboxPost[];
      nextCursor: string | null;
      commits: number;
    };
    items.push(...page.items);
    commits = page.commits;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { items, commits };
}

export async function send(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function expectOk(answer: Answer, what: string): unknown {
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  throw new Error(`${what} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

/** @returns the medium's id */
export async function uploadFile(client: Client, api: string, file: Buffer, alt: string): Promise<string> {
  const form = new FormData();
  form.set('alt', alt);
  form.set('file', new Blob([new Uint8Array(file)]), 'file');
  const answer = await fetch(`${api}/media/upload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${client.token}` },
    body: form,
  });
  const body: unknown = await answer.json();
  if (answer.status !== 201) throw new Error(`the upload answered ${answer.status}: ${JSON.stringify(body)}`);
  return (body as { id: string }).id;
}
