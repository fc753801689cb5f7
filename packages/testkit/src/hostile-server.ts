import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What stands in the place of every id, name, address or token of an answer; or the whole answer. */
export interface HostileAnswer {
  readonly name: string;
  readonly kind: 'ids' | 'names' | 'addresses' | 'tokens' | 'times' | 'refusals' | 'whole';
  /** JSON as it is sent; null: spaces without an end. */
  readonly json: string | null;
  /** Default: 200. */
  readonly status?: number;
}

/** Twice in an answer it is still one that is read. */
const longText = 'x'.repeat(450_000);
const values = {
  'a NUL and half of a character': '"a\\u0000b\\ud800c"',
  'a text that turns the text around it': '"\\u202eada\\u0007\\r\\nset-cookie: a"',
  'a text of 450 kB': `"${longText}"`,
  'deep arrays': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  'a number beyond all': '1e400',
  'an object': '{"__proto__": {"a": 1}, "toString": null}',
  nothing: 'null',
};
const kinds = ['ids', 'names', 'addresses', 'tokens', 'times'] as const;

/** What a refusal gives as its code and its reason. */
const reasons = {
  'what every object has': '"constructor"',
  'a text that turns the text around it': values['a text that turns the text around it'],
  'a text of 450 kB': values['a text of 450 kB'],
};

export const hostileAnswers: readonly HostileAnswer[] = [
  ...kinds.flatMap((kind) => Object.entries(values).map(([name, json]) => ({ kind, name: `${kind}: ${name}`, json }))),
  ...[400, 401, 403].flatMap((status) =>
    Object.entries(reasons).map(([name, json]) => ({
      kind: 'refusals' as const,
      name: `${status}: ${name}`,
      json,
      status,
    })),
  ),
  { name: 'a body without an end', kind: 'whole', json: null },
  { name: 'deep objects', kind: 'whole', json: `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}` },
  { name: 'a text of 450 kB', kind: 'whole', json: `"${longText}"` },
  { name: 'a list of 200,000', kind: 'whole', json: `[${'{},'.repeat(200_000)}{}]` },
  { name: 'no JSON', kind: 'whole', json: '<html>\0' },
  { name: 'nothing', kind: 'whole', json: '' },
];

export interface HostileServer extends AsyncDisposable {
  readonly origin: string;
  readonly requests: () => number;
}

/** A secret that asks the server for one of `hostileAnswers`, wherever in a request it stands. */
export function secretFor(answer: HostileAnswer): string {
  return `answer-${hostileAnswers.indexOf(answer)}-`;
}

/** A server that answers every request of every platform with something that looks right, but for what the request's secret asks for. */
export async function startHostileServer(): Promise<HostileServer> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    void text(request).then(
      (body) => {
        const path = request.url ?? '';
        const [, index] = /answer-(\d+)-/.exec(`${path} ${JSON.stringify(request.headers)} ${body}`) ?? [];
        const answer = index === undefined ? null : (hostileAnswers[Number(index)] ?? null);
        if (answer?.json === null) return pour(response);
        response.writeHead(answer?.status ?? 200, { 'content-type': 'application/json' }).end(bodyOf(path, answer));
      },
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What platforms call these things, with values that they could have. */
const fields = {
  ids: {
    id: '1789000000000001',
    did: 'did:plc:abcdefghijklmnopqrstuvwx',
    cid: 'bafyreia',
    user_id: '1789',
    client_id: 'c',
    channel_id: '17',
    guild_id: '18',
  },
  names: {
    username: 'ada',
    acct: 'ada',
    handle: 'ada.example',
    name: 'Ada',
    display_name: 'Ada',
    displayName: 'Ada',
    global_name: 'Ada',
  },
  addresses: {
    url: 'https://social.example/@ada/1',
    uri: 'at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/1',
    permalink: 'https://social.example/p/1',
    permalink_url: 'https://social.example/p/1',
  },
  tokens: {
    access_token: 'token',
    accessJwt: 'token',
    refresh_token: 'refresh',
    refreshJwt: 'refresh',
    client_secret: 's',
    request_uri: 'urn:r',
  },
  times: { expires_in: '3600', created_at: '"2031-01-01T00:00:00Z"' },
} as const;
const fixed = {
  token_type: '"bearer"',
  scope: '"read write"',
  active: 'true',
  status: '"FINISHED"',
  status_code: '"FINISHED"',
  type: '0',
};

function bodyOf(path: string, answer: HostileAnswer | null): string {
  if (answer?.kind === 'whole') return answer.json ?? '';
  if (answer?.kind === 'refusals') return refusalOf(path, answer.json ?? '');
  const members = kinds.flatMap((kind) =>
    Object.entries(fields[kind]).map(([name, value], index) => {
      const own = kind === 'times' ? value : JSON.stringify(value);
      // One of them is enough where the answer would be too long to be read.
      const hostile = answer?.kind === kind ? answer.json : null;
      const isHostile = hostile !== null && (index === 0 || hostile.length < 1_000);
      return `"${name}":${isHostile ? hostile : own}`;
    }),
  );
  const item = [...members, ...Object.entries(fixed).map(([name, value]) => `"${name}":${value}`)].join();
  return /\/2\/(users|tweets)/.test(path) ? `{"data":{${item}}}` : `{${item},"data":[{${item}}]}`;
}

/** One long text is enough where two would be too long to be read. */
function refusalOf(path: string, reason: string): string {
  const shortReason = reason.length < 1_000 ? reason : '"a"';
  const isGraph = /^\/(?:graph|instagram|threads|facebook)/.test(path);
  const error = isGraph ? `{"code":200,"message":${shortReason},"error_user_msg":${reason}}` : shortReason;
  const details = `{"inputErrors":[{"code":${shortReason},"description":${shortReason}}]}`;
  return `{"error":${error},"code":${shortReason},"title":${shortReason},"message":${isGraph ? shortReason : reason},"errorDetails":${details}}`;
}

function pour(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = ' '.repeat(64 * 1024);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}
