import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { accessToken } from '../oauth/access-token.ts';
import { builtInClient } from '../oauth/built-in-client.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { Caller, PlatformDefinition, Site, SiteContext } from '../site.ts';
import { findAccount } from '../state/connect-account.ts';
import { blueskyAnswers } from './answers.ts';
import { authorizationServer } from './authorization-server.ts';
import { blobRoutes } from './blob-routes.ts';
import { createBlobs } from './blobs.ts';
import { encodeBase32 } from './base32.ts';
import { directory } from './directory.ts';
import { normalizeHandle } from './handle.ts';
import { resourceRefusal } from './oauth-answers.ts';
import { createProofs } from './oauth-proofs.ts';
import { createOAuthSessions } from './oauth-sessions.ts';
import { postCollection } from './post-record.ts';
import { readRoutes } from './read-routes.ts';
import { createRecords } from './records.ts';
import { serverRoutes } from './server-routes.ts';
import { requireProofs } from './require-proofs.ts';
import { sessionRoutes } from './session-routes.ts';
import { createSessions } from './sessions.ts';
import { createVideoJobs } from './video-jobs.ts';
import { videoRoutes } from './video-routes.ts';
import { writeRoutes } from './write-routes.ts';

/** Bluesky: a personal data server of AT Protocol, https://docs.bsky.app */
export const bluesky: PlatformDefinition = {
  id: 'bluesky',
  title: 'Bluesky',
  prefix: null,
  sites: ['bluesky'],
  open: openBluesky,
};

function openBluesky(context: SiteContext): Site {
  const { sandbox } = context;
  const oauthSessions = createOAuthSessions(context);
  const sessions = createSessions(context, oauthSessions);
  const proofs = createProofs(sandbox.clock, context.origin, resourceRefusal);
  const blobs = createBlobs(context);
  const videoJobs = createVideoJobs(context, blobs);
  const records = createRecords(context, blobs);

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'Bluesky',
    origin: context.origin,
    answers: blueskyAnswers,
    identify: (request) => identify(site, context, request),
    normalizeHandle,
    newAccountId: () => `did:plc:${encodeBase32(randomBytes(15))}`,
    issueCredentials(account) {
      const { grant, change } = sandbox.grants.open(context.site, account.id, builtInClient.id, 'app-password');
      const issuedAtMs = sandbox.clock.nowMs();
      const value = encodeBase32(randomBytes(10)).replace(/(.{4})(?=.)/g, '$1-');
      const password = {
        value,
        grant: grant.id,
        use: 'password' as const,
        issuedAtMs,
        expiresAtMs: null,
        successor: null,
      };
      const { accessJwt, refreshJwt } = sessions.create(grant, [change, sandbox.grants.put(password)]);
      return { accessToken: accessJwt, refreshToken: refreshJwt, expiresIn: 7200, appPassword: value };
    },
    postUrl: (post) =>
      `${context.origin()}/profile/${post.id.slice('at://'.length).replace(`/${postCollection}/`, '/post/')}`,
    clearPosts: () => records.clearPosts(),
    routes(app) {
      requireProofs(app, context, proofs, oauthSessions);
      serverRoutes(app, site, context, sessions);
      sessionRoutes(app, site, context, sessions);
      writeRoutes(app, site, context, sessions, records, blobs);
      blobRoutes(app, context, sessions, blobs);
      videoRoutes(app, context, sessions, videoJobs);
      readRoutes(app, site, context, sessions, records);
      app.get<{ Params: { actor: string; rkey: string } }>(
        '/profile/:actor/post/:rkey',
        { config: { page: true } },
        (request, reply) => {
          const did = findAccount(site, sandbox, request.params.actor)?.id ?? request.params.actor;
          return sendPostPage(reply, site, sandbox, `at://${did}/${postCollection}/${request.params.rkey}`);
        },
      );
    },
  };
  return { ...site, annexes: [authorizationServer(site, context, oauthSessions), directory(site, context)] };
}

/** Names the caller by the session's token, or by the identifier and password of a sign-in. */
function identify(site: Site, { sandbox }: SiteContext, request: FastifyRequest): Caller | undefined {
  const found = sandbox.grants.look(
    site.id,
    accessToken(request.headers.authorization)?.value ?? '',
    sandbox.clock.nowMs(),
  );
  if (found.state !== 'unknown' && found.grant.account !== null) {
    const use = found.token.use === 'access' ? 'access' : 'refresh';
    return { account: found.grant.account, grant: found.grant.id, use };
  }
  const { body } = request;
  if (typeof body !== 'object' || body === null || !('identifier' in body)) return undefined;
  const account = findAccount(site, sandbox, String(body.identifier));
  if (account === undefined) return undefined;
  const password =
    'password' in body ? sandbox.grants.look(site.id, String(body.password), sandbox.clock.nowMs()) : undefined;
  const grant = password === undefined || password.state === 'unknown' ? null : password.grant.id;
  return { account: account.id, grant, use: 'sign-in' };
}
