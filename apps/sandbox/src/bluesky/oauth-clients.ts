import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SandboxState } from '../state/sandbox-state.ts';
import { oauthError } from './oauth-answers.ts';
import { isSignedBy, jsonIn } from './oauth-proofs.ts';

export type Client = {
  id: string;
  scopes: readonly string[];
  allowsRedirect(address: string): boolean;
  /** Null where the client proves no key of its own. */
  keys: readonly z.infer<typeof ClientKey>[] | null;
};

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const Form = z.object({
  client_id: z.string().max(2_000),
  client_assertion_type: z.string().optional(),
  client_assertion: z.string().optional(),
});

/** Finds out which client asks, by the client's own description: https://atproto.com/specs/oauth#clients. */
export function createClients({ origins, clock }: Pick<SandboxState, 'origins' | 'clock'>, issuer: () => string) {
  const seenAssertions = new Set<string>();
  return {
    /** @throws {RefusalError} `invalid_client`, `invalid_client_metadata` */
    async require(body: unknown): Promise<Client> {
      const form = Form.safeParse(body);
      if (!form.success) throw new RefusalError(oauthError(400, 'invalid_request', 'client_id is missing'));
      const client = await describe(form.data.client_id);
      if (client.keys !== null) checkAssertion(client, form.data);
      else if (form.data.client_assertion !== undefined) throw invalidClient('This client has no key');
      return client;
    },
    describe,
  };

  async function describe(id: string): Promise<Client> {
    if (!URL.canParse(id)) throw invalidClient('The client_id is no address');
    const url = new URL(id);
    if (url.protocol === 'http:') return loopbackClient(url, id);
    if (url.protocol !== 'https:' || url.pathname === '/') throw invalidClient('The client_id is not an https address');
    const address = new URL(`${url.pathname}${url.search}`, origins.addressOf(url.origin));
    const answer = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(5_000) }).catch(() => null);
    const metadata = Metadata.safeParse(answer?.status === 200 ? await answer.json().catch(() => null) : null);
    if (!metadata.success || metadata.data.client_id !== id)
      throw new RefusalError(oauthError(400, 'invalid_client_metadata', 'The client metadata cannot be used'));
    const { redirect_uris: redirects, scope, jwks, token_endpoint_auth_method: method } = metadata.data;
    if (method === 'private_key_jwt' && jwks === undefined) throw invalidClient('The client has no keys');
    return {
      id,
      scopes: scope.split(' '),
      allowsRedirect: (address) => redirects.includes(address),
      keys: method === 'none' ? null : (jwks?.keys ?? []),
    };
  }

  function checkAssertion(client: Client, form: z.infer<typeof Form>): void {
    const { client_assertion: jwt = '', client_assertion_type: type } = form;
    const parsed = z.tuple([AssertionHeader, AssertionClaims]).safeParse(jwt.split('.').slice(0, 2).map(jsonIn));
    if (type !== assertionType || !parsed.success) throw invalidClient('A client assertion is needed');
    const [{ kid }, { iss, sub, aud, jti, exp, iat }] = parsed.data;
    const key = client.keys?.find((each) => each.kid === kid);
    const isOfClient = iss === client.id && sub === client.id && aud === issuer();
    const isCurrent = exp * 1_000 > clock.wallMs() && exp - iat <= 300;
    if (key === undefined || !isSignedBy(key, jwt) || !isOfClient || !isCurrent || seenAssertions.has(jti))
      throw invalidClient('The client assertion is not good');
    seenAssertions.add(jti);
  }
}

const ClientKey = z
  .looseObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), kid: z.string() })
  .refine((key) => !('d' in key), 'is a private key');

const Metadata = z.object({
  client_id: z.string(),
  application_type: z.enum(['web', 'native']).default('web'),
  grant_types: z.array(z.string()).refine((types) => types.includes('authorization_code')),
  response_types: z.array(z.string()).refine((types) => types.includes('code')),
  scope: z.string().refine((scope) => scope.split(' ').includes('atproto')),
  redirect_uris: z.array(z.string()).min(1),
  dpop_bound_access_tokens: z.literal(true),
  token_endpoint_auth_method: z.enum(['none', 'private_key_jwt']),
  jwks: z.object({ keys: z.array(ClientKey).min(1) }).optional(),
});

const AssertionHeader = z.object({ alg: z.literal('ES256'), kid: z.string() });
const AssertionClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  jti: z.string().min(1),
  iat: z.int(),
  exp: z.int(),
});

/** https://atproto.com/specs/oauth#localhost-client-development: a developer's client needs no description. It may be sent back to any port of the loopback address. */
function loopbackClient(url: URL, id: string): Client {
  if (url.hostname !== 'localhost' || url.port !== '' || url.pathname !== '/' || !id.startsWith('http://localhost'))
    throw invalidClient('Only http://localhost may do without https');
  const given = url.searchParams.getAll('redirect_uri');
  const redirects = given.length > 0 ? given : ['http://127.0.0.1/', 'http://[::1]/'];
  const withoutPort = (address: string) => {
    const { hostname, pathname, search } = new URL(address);
    return `${hostname}${pathname}${search}`;
  };
  const isLoopback = (address: string) => /^http:\/\/(?:127\.0\.0\.1|\[::1\])[:/]/u.test(address);
  if (!redirects.every(isLoopback)) throw invalidClient('A redirect address must name 127.0.0.1 or [::1]');
  return {
    id,
    scopes: (url.searchParams.get('scope') ?? 'atproto').split(' '),
    allowsRedirect: (address) =>
      isLoopback(address) && redirects.some((each) => withoutPort(each) === withoutPort(address)),
    keys: null,
  };
}

function invalidClient(why: string): RefusalError {
  return new RefusalError(oauthError(400, 'invalid_client', why));
}
