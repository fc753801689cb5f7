import type { TestApi } from '@vibetribe/api/test-api';
import type { TestSandbox } from '@vibetribe/sandbox/testing/test-sandbox';
import type { FuzzAnswer } from './check-answer.ts';
import { addFuzzOrganization, fuzzPassword, pixel, type FuzzOrganization } from './fuzz-organization.ts';
import { createKnownThings } from './known-things.ts';
import type { Operation } from './operations.ts';
import type { PlannedBody, PlannedPart, PlannedRequest, PrincipalName } from './planned-request.ts';

/** Two organizations: requests are the one's, and nothing of the other's may be in an answer. */
export interface FuzzHarness {
  send(planned: PlannedRequest): Promise<{ answer: FuzzAnswer; asked: string }>;
  /** What nobody of this organization may be shown. */
  readonly foreign: readonly string[];
  /** The one address of a foreigner that requests name. */
  readonly named: string;
  /** A principal cannot come back: the requests have done away with it. */
  isWorn(): boolean;
}

export async function createFuzzHarness(
  { api, sandbox, operatorKey }: { api: TestApi; sandbox: TestSandbox; operatorKey: string },
  operations: readonly Operation[],
  name: string,
): Promise<FuzzHarness> {
  const [own, foreign] = await Promise.all([
    addFuzzOrganization(api, sandbox, `own-${name}`),
    // Requests must not come in there with a password that they know.
    addFuzzOrganization(api, sandbox, `foreign-${name}`, `${fuzzPassword}, but another`),
  ]);
  const ownerOf = ({ tokens }: FuzzOrganization) => tokens.get('owner') ?? '';
  const ownThings = await thingsOf(api, operations, ownerOf(own), operatorKey);
  const foreignThings = await thingsOf(api, operations, ownerOf(foreign), operatorKey);
  const planted = [...foreignThings.ids(), `foreign-${name}`];
  // Both know what belongs to nobody.
  const secrets = planted.filter((text) => !ownThings.ids().includes(text));
  let fresh = 0;
  let worn = false;

  const fill = (text: string, encode: (value: string) => string): string =>
    text.replaceAll(/<([a-z]+)(?::([a-zA-Z-]+))?(?::(\d+))?>/g, (whole, kind: string, what = '', at = '0') => {
      const value = valueFor(kind, what, Number(at));
      return value === null ? whole : encode(value);
    });
  const valueFor = (kind: string, what: string, index: number): string | null => {
    const things = kind === 'foreign' ? foreignThings : ownThings;
    switch (kind) {
      case 'own':
      case 'foreign':
        if (what === 'emails') return (kind === 'own' ? own : foreign).emails['viewer'] ?? null;
        return things.pick(what, index) ?? 'pst_00000000000000000000000000';
      case 'fresh':
        return `fresh-${(fresh += 1)}-${name}@example.org`;
      case 'secret':
        return what === 'password' ? fuzzPassword : own.refreshToken;
      case 'seen':
        return ownThings.cursor(index) ?? 'none';
      case 'hook':
        return `${sandbox.running.url}/hooks/fuzz`;
      case 'instance':
        return sandbox.running.hosts['mastodon'] ?? '';
      case 'soon':
        return new Date(Date.now() + 5_000).toISOString();
      case 'past':
        return new Date(Date.now() - 3_600_000).toISOString();
      case 'later':
        return new Date(Date.now() + 90_000_000).toISOString();
      default:
        return null;
    }
  };

  const tokenOf = (principal: PrincipalName): string | null => {
    if (principal === 'nobody') return null;
    return principal === 'operator' ? operatorKey : (own.tokens.get(principal) ?? null);
  };

  /** Whoever has signed out, or whose password was changed, comes back. */
  const signInAgain = async (principal: PrincipalName) => {
    const email = own.emails[principal];
    if (email === undefined) return;
    const body = { email, password: fuzzPassword };
    const { status, json } = await api.call('POST', '/api/v1/auth/login', { body });
    if (status !== 200) worn = true;
    else own.tokens.set(principal, String(json['accessToken']));
    if (status === 200 && principal === 'owner') own.refreshToken = String(json['refreshToken']);
  };

  return {
    foreign: secrets,
    named: foreign.emails['viewer'] ?? '',
    isWorn: () => worn,
    async send(planned) {
      const { operation, principal } = planned;
      const path = fill(planned.path, encodeURIComponent);
      const query = new URLSearchParams();
      for (const [key, value] of Object.entries(planned.query))
        query.set(
          key,
          fill(value, (text) => text),
        );
      const token = tokenOf(principal);
      const headers: Record<string, string> = {
        ...planned.headers,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      };
      const encoded = bodyOf(planned.body, fill);
      const response = await fetch(
        `${api.replicas[0]?.url ?? ''}${path}${query.size === 0 ? '' : `?${query.toString()}`}`,
        {
          method: operation.method,
          redirect: 'manual',
          headers: { ...headers, ...encoded.headers },
          ...(encoded.body === null || operation.method === 'GET' ? {} : { body: encoded.body }),
        },
      );
      const text = await response.text();
      if (response.status < 300 && principal !== 'operator') ownThings.learn(text);
      if (response.status === 401 && token !== null) await signInAgain(principal);
      const asked = `${principal}: ${operation.method} ${path}?${query.toString()} ${JSON.stringify(planned.headers)} ${encoded.shown.slice(0, 2_000)}`;
      return { answer: { status: response.status, headers: response.headers, text }, asked };
    },
  };
}

/** What all the lists show their owner; those of the service, its operator. */
async function thingsOf(api: TestApi, operations: readonly Operation[], token: string, operatorKey: string) {
  const things = createKnownThings();
  const lists = operations.filter(
    ({ method, path }) => method === 'GET' && path.startsWith('/api/v1/') && !path.includes('{'),
  );
  for (const { path } of lists) {
    const resource = path.split('/').at(-1) ?? '';
    const isOfService = ['queues', 'tasks'].includes(resource);
    const { status, text, json } = await api.call('GET', path, { token: isOfService ? operatorKey : token });
    if (status !== 200) continue;
    if (!isOfService) things.learn(text);
    const items = Array.isArray(json['items']) ? (json['items'] as { id?: string; name?: string }[]) : [];
    if (isOfService || resource === 'platforms') things.learnNames(resource, items);
    if (resource !== 'webhooks') continue;
    for (const { id = '' } of items) things.learn((await api.call('GET', `${path}/${id}/deliveries`, { token })).text);
  }
  return things;
}

type Fill = (text: string, encode: (value: string) => string) => string;

function bodyOf(
  body: PlannedBody | null,
  fill: Fill,
): { body: string | FormData | null; headers: Record<string, string>; shown: string } {
  if (body === null) return { body: null, headers: {}, shown: '' };
  if (body.type === 'multipart/form-data' && Array.isArray(body.value)) {
    const form = new FormData();
    for (const { name, isFile, text } of body.value as readonly PlannedPart[]) {
      const content = text === '<png>' ? pixel : text;
      if (isFile) form.append(name, new Blob([content]), 'file.png');
      else form.append(name, text);
    }
    return { body: form, headers: {}, shown: JSON.stringify(body.value) };
  }
  const isText = typeof body.value === 'string' && body.type !== 'application/json';
  const text = isText ? String(body.value) : encodedBody(body);
  const filled = fill(text, (value) => JSON.stringify(value).slice(1, -1));
  return { body: filled, headers: { 'content-type': body.type }, shown: filled };
}

function encodedBody({ type, value }: PlannedBody): string {
  if (type === 'application/x-www-form-urlencoded')
    return new URLSearchParams(value as Record<string, string>).toString();
  return JSON.stringify(value) ?? '';
}
