import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

export interface XGrant {
  readonly userId: string;
  readonly username: string;
  accessToken: string;
  refreshToken: string;
  /** Successful refreshes. */
  refreshes: number;
  isDead: boolean;
}

/** An answer in place of the token endpoint's own; nothing is done then. */
export type TokenFault = { readonly status: number; readonly body?: object } | 'hang' | null;

/** X's OAuth endpoints as a small HTTP server: refresh tokens rotate, and one that comes a second time kills its grant. */
export interface TestXPlatform extends AsyncDisposable {
  readonly url: string;
  readonly grants: ReadonlyMap<string, XGrant>;
  /** Requests to the token endpoint, failed ones too. */
  readonly tokenCalls: () => number;
  readonly revoked: readonly string[];
  expiresInSeconds: number;
  /** Asked for each token request. */
  fault: (call: number) => TokenFault;
  /** Awaited before a token request is answered, after its work is done. */
  beforeAnswer: () => Promise<void>;
  addGrant(username: string): XGrant;
  /** As the consent page would: a code for this user, bound to the challenge of the authorization URL. */
  approve(authorizationUrl: string, username: string): { code: string; state: string };
}

export async function startTestXPlatform(): Promise<TestXPlatform> {
  const grants = new Map<string, XGrant>();
  const codes = new Map<string, { username: string; challenge: string; redirectUri: string }>();
  const revoked: string[] = [];
  let tokenCalls = 0;

  const grantOf = (username: string): XGrant => {
    const known = grants.get(username);
    const grant = known ?? {
      userId: String(1000 + grants.size),
      username,
      accessToken: '',
      refreshToken: '',
      refreshes: 0,
      isDead: false,
    };
    grants.set(username, grant);
    return Object.assign(grant, newTokens(grant.userId), { isDead: false });
  };

  const tokenReply = ({ accessToken, refreshToken }: XGrant) => ({
    status: 200,
    body: {
      token_type: 'bearer',
      access_token: accessToken,
      refresh_token: refreshToken,
      expires_in: platform.expiresInSeconds,
      scope: 'tweet.read tweet.write',
    },
  });

  const exchange = (form: URLSearchParams) => {
    const code = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (code === undefined || code.challenge !== challenge || code.redirectUri !== form.get('redirect_uri'))
      return invalidGrant;
    return tokenReply(grantOf(code.username));
  };

  const refresh = (form: URLSearchParams) => {
    const presented = form.get('refresh_token') ?? '';
    const grant = [...grants.values()].find((known) => presented.startsWith(`rt_${known.userId}_`));
    if (grant === undefined || grant.isDead) return invalidGrant;
    if (grant.refreshToken !== presented) {
      grant.isDead = true;
      return invalidGrant;
    }
    grant.refreshes += 1;
    return tokenReply(Object.assign(grant, newTokens(grant.userId)));
  };

  const answerToken = async (request: IncomingMessage) => {
    const call = tokenCalls;
    tokenCalls += 1;
    const form = new URLSearchParams(await text(request));
    const fault = platform.fault(call);
    if (fault === 'hang') return null;
    if (fault !== null) return { status: fault.status, body: fault.body ?? {} };
    const reply = form.get('grant_type') === 'refresh_token' ? refresh(form) : exchange(form);
    await platform.beforeAnswer();
    return reply;
  };

  const answer = async (request: IncomingMessage) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x.test');
    if (pathname === '/2/oauth2/token') return answerToken(request);
    if (pathname === '/2/oauth2/revoke') {
      revoked.push(new URLSearchParams(await text(request)).get('token') ?? '');
      return { status: 200, body: { revoked: true } };
    }
    if (pathname !== '/2/users/me')
      return { status: 404, body: { title: 'Not Found', type: 'about:blank', status: 404 } };
    const token = request.headers.authorization?.slice('Bearer '.length);
    const grant = [...grants.values()].find(({ accessToken, isDead }) => accessToken === token && !isDead);
    if (grant === undefined) return { status: 401, body: { title: 'Unauthorized', type: 'about:blank', status: 401 } };
    return {
      status: 200,
      body: { data: { id: grant.userId, username: grant.username, name: `Name of ${grant.username}` } },
    };
  };

  const server = createServer((request, response) => {
    answer(request).then(
      (reply) => reply === null || send(response, reply),
      () => send(response, { status: 500, body: {} }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the test platform has no port');

  const platform: TestXPlatform = {
    url: `http://127.0.0.1:${address.port}`,
    grants,
    tokenCalls: () => tokenCalls,
    revoked,
    expiresInSeconds: 7200,
    fault: () => null,
    beforeAnswer: () => Promise.resolve(),
    addGrant: grantOf,
    approve(authorizationUrl, username) {
      const asked = new URL(authorizationUrl).searchParams;
      const code = randomBytes(8).toString('hex');
      codes.set(code, {
        username,
        challenge: asked.get('code_challenge') ?? '',
        redirectUri: asked.get('redirect_uri') ?? '',
      });
      return { code, state: asked.get('state') ?? '' };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
  return platform;
}

const invalidGrant = {
  status: 400,
  body: { error: 'invalid_request', error_description: 'Value passed for the token was invalid.' },
};

function newTokens(userId: string) {
  return {
    accessToken: `at_${randomBytes(16).toString('hex')}`,
    refreshToken: `rt_${userId}_${randomBytes(16).toString('hex')}`,
  };
}

function send(response: ServerResponse, { status, body }: { status: number; body: object }): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
