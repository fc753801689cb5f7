import type { FastifyInstance } from 'fastify';
import { RefusalError, sendAnswer } from '../answer.ts';
import type { FaultBook } from '../faults/fault-book.ts';
import type { Fault } from '../faults/fault.ts';
import type { HookReceiver } from '../hooks/hook-routes.ts';
import type { Mailbox } from '../mail/mailbox.ts';
import type { Site } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { connectAccount, findAccount } from '../state/connect-account.ts';
import type { Post, PostFilter } from '../state/posts.ts';
import type { RequestLog } from '../state/request-log.ts';
import type { SandboxState } from '../state/sandbox-state.ts';
import { audienceRoute } from './audience-route.ts';
import { controlError, controlInputs, parseControl } from './control-input.ts';
import { refuseStrangers } from './refuse-strangers.ts';

export type ControlSurroundings = {
  sandbox: SandboxState;
  faults: FaultBook;
  requests: RequestLog;
  sites: readonly Site[];
  hooks: HookReceiver;
  mailbox: Mailbox;
  /** The sites that are origins of their own. */
  hosts(): Record<string, string>;
};

/** The control API, under `/_sandbox`. */
export function controlRoutes(app: FastifyInstance, surroundings: ControlSurroundings): void {
  const { sandbox, faults, requests, sites } = surroundings;
  const platformIds = [...new Set(sites.map((site) => site.platform))];
  const inputs = controlInputs([...new Set([...platformIds, ...sites.map((site) => site.id)])]);

  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (error instanceof RefusalError) return sendAnswer(reply, error.answer);
    const status = error.statusCode ?? 500;
    if (status < 500) return sendAnswer(reply, controlError(status, 'bad_request', error.message));
    request.log.error({ err: error }, 'a control route failed');
    return sendAnswer(reply, controlError(500, 'internal', 'The sandbox failed'));
  });

  refuseStrangers(app);
  surroundings.hooks.control(app);
  surroundings.mailbox.control(app);

  app.get('/hosts', () => surroundings.hosts());

  app.get('/posts', (request) => {
    const query = parseControl(inputs.PostsQuery, request.query);
    const filters = filtersOf(query.platform, query.account);
    const found = filters.flatMap((filter) => sandbox.posts.page(filter, query.cursor ?? Infinity, query.limit + 1));
    found.sort((a, b) => b.seq - a.seq);
    const items = found.slice(0, query.limit);
    const nextCursor = found.length > query.limit ? String(items.at(-1)?.seq ?? '') : null;
    const commits = filters.reduce((total, filter) => total + sandbox.posts.commits(filter), 0);
    return { items: items.map(viewPost), nextCursor, commits };
  });

  app.get('/requests', (request) => {
    const { platform, limit } = parseControl(inputs.RequestsQuery, request.query);
    return {
      items: requests.latest(
        (entry) => platform === undefined || [entry.platform, entry.site].includes(platform),
        limit,
      ),
    };
  });

  app.get('/stats', () => ({
    platforms: Object.fromEntries(
      platformIds.map((platform) => [
        platform,
        { ...requests.counts(platform), commits: sandbox.posts.commits({ platform }) },
      ]),
    ),
    commits: sandbox.posts.commits({}),
    unknownRoutes: requests.unknownRoutes(),
  }));

  app.post('/reset', () => {
    sandbox.store.commit([
      ...sandbox.posts.clear(),
      ...sandbox.audience.clearPosts(),
      ...sites.flatMap((site) => site.clearPosts()),
      ...sandbox.limits.clear(),
    ]);
    faults.clear();
    requests.clear();
    return { reset: true };
  });

  app.get('/faults', () => ({ items: faults.list().map(viewFault) }));
  app.post('/faults', (request, reply) => {
    const fault = faults.add(parseControl(inputs.Fault, request.body));
    return reply.code(201).send(viewFault(fault));
  });
  app.delete('/faults', () => ({ cleared: faults.clear() }));
  app.delete<{ Params: { id: string } }>('/faults/:id', (request) => {
    if (!faults.remove(request.params.id)) throw new RefusalError(controlError(404, 'not_found', 'No such fault'));
    return { cleared: 1 };
  });

  app.put('/limits', (request) => {
    const { platform, scale } = parseControl(inputs.LimitScale, request.body);
    sandbox.limits.setScale(sitesOf(platform)[0]?.platform ?? platform, scale);
    return { platform, scale };
  });

  app.post('/accounts', (request, reply) => {
    const { platform, handle } = parseControl(inputs.NewAccount, request.body);
    const site = sitesOf(platform)[0];
    if (site === undefined || site.normalizeHandle(handle) === '') {
      throw new RefusalError(
        controlError(422, 'invalid_input', 'The request is not valid', [{ path: 'handle', message: 'is no handle' }]),
      );
    }
    const account = connectAccount(site, sandbox, handle);
    const { id, handle: known } = account;
    return reply.code(201).send({ account: { id, handle: known }, ...site.issueCredentials(account) });
  });

  app.post('/tokens/expire', (request) => {
    const found = requireAccounts(request.body);
    const changes = found.flatMap(({ site, account }) =>
      sandbox.grants.expireAccess(site.id, account.id, sandbox.clock.nowMs()),
    );
    sandbox.store.commit(changes);
    return { expired: changes.length };
  });

  app.post('/tokens/revoke', (request) => {
    const found = requireAccounts(request.body);
    const changes = found.flatMap(({ site, account }) => sandbox.grants.revokeAll(site.id, account.id));
    sandbox.store.commit(changes);
    return { revoked: changes.length };
  });

  app.post('/clock', (request) => {
    sandbox.clock.advance(parseControl(inputs.Clock, request.body).advanceMs);
    return { now: new Date(sandbox.clock.nowMs()).toISOString() };
  });

  audienceRoute(app, surroundings, inputs.Audience);
  app.post('/origins', (request) => {
    const { origin, at } = parseControl(inputs.Origin, request.body);
    sandbox.origins.set(new URL(origin).origin, new URL(at).origin);
    return { origin: new URL(origin).origin, at: new URL(at).origin };
  });

  function sitesOf(place: string | undefined): Site[] {
    return sites.filter((site) => place === undefined || site.id === place || site.platform === place);
  }

  function accountsNamed(place: string | undefined, name: string): { site: Site; account: Account }[] {
    return sitesOf(place).flatMap((site) => {
      const account = findAccount(site, sandbox, name);
      return account === undefined ? [] : [{ site, account }];
    });
  }

  function requireAccounts(body: unknown): { site: Site; account: Account }[] {
    const { platform, account } = parseControl(inputs.AccountName, body);
    const found = accountsNamed(platform, account);
    if (found.length === 0)
      throw new RefusalError(controlError(404, 'not_found', `No account ${account} on ${platform}`));
    return found;
  }

  function filtersOf(place: string | undefined, account: string | undefined): PostFilter[] {
    if (account !== undefined) {
      return accountsNamed(place, account).map((found) => ({ site: found.site.id, account: found.account.id }));
    }
    if (place === undefined) return [{}];
    return platformIds.includes(place) ? [{ platform: place }] : [{ site: place }];
  }

  function viewPost(post: Post) {
    const { platform, account, id, text, media, createdAt, receivedAt, replyTo, details } = post;
    const url = sites.find((site) => site.id === post.site)?.postUrl(post) ?? null;
    return { platform, account, id, text, media, createdAt, receivedAt, url, replyTo, details };
  }
}

function viewFault({ draw: _draw, revokedGrants: _grants, ...fault }: Fault) {
  return fault;
}
