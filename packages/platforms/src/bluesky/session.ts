import { z } from 'zod';
import type { AccountCall, AccountProfile, ServerRules } from '../port/account.ts';
import type { ConnectedGrant, Credentials, ManualConnect, RefreshRequest, TokenRefresh } from '../port/connect.ts';
import { foreignId, foreignToken, timeAt } from '../answers/answer-fields.ts';
import { secretField, serverOriginField } from '../connect/credential-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { blueskyName, callXrpc, serviceOf } from './api.ts';
import { rulesOfServer } from './blob-limit.ts';
import { blueskyRefreshRefusal, blueskySessionRefusal, inactiveAccount } from './errors.ts';
import { isByConsent, refreshConsent } from './oauth-tokens.ts';
import { DidDocument, ownServerOf } from './own-server.ts';

const BlueskyCredentials = z.strictObject({
  service: serverOriginField('the server').optional(),
  handle: z
    .string({ error: 'the handle is missing' })
    .trim()
    .transform((handle) => handle.replace(/^@/u, ''))
    .pipe(z.string().min(1, { error: 'the handle is missing' }).max(253, { error: 'the handle is too long' })),
  appPassword: secretField('the app password'),
});

export const blueskyManual: ManualConnect = {
  fields: [
    { name: 'service', label: 'Server', secret: false, required: false },
    { name: 'handle', label: 'Handle', secret: false, required: true },
    { name: 'appPassword', label: 'App password', secret: true, required: true },
  ],
  credentials: BlueskyCredentials,

  async connect({ endpoints, http, credentials }): Promise<ConnectedGrant> {
    const { service = endpoints.api, handle, appPassword } = BlueskyCredentials.parse(credentials);
    if (service === null) throw new PlatformError('content', 'Name the server', { platformCode: 'service_missing' });
    const session = await createSession({ http, service, identifier: handle, appPassword });
    const own = ownServerOf(session.didDoc, service);
    const account = { externalId: session.did, handle: session.handle, displayName: session.handle };
    return {
      credentials: credentialsOf(session, appPassword),
      service: own,
      accounts: [{ ...account, ...(await serverRulesOf(http, own)) }],
    };
  },
};

/** With the refresh token; where that is dead, with the app password, which only the user can revoke. A grant by consent at the server that gave it. */
export const blueskyRefresh: TokenRefresh = {
  cost: 'rotating',
  isPossible: ({ refreshToken, appPassword }) => refreshToken !== undefined || appPassword !== undefined,
  refresh: (request) => (isByConsent(request.credentials) ? refreshConsent(request) : refreshSessionOf(request)),
};

async function refreshSessionOf({ http, account, credentials }: RefreshRequest): Promise<Credentials> {
  const { refreshToken, appPassword } = credentials;
  const service = serviceOf(account);
  if (refreshToken !== undefined) {
    try {
      return credentialsOf(await refreshSession({ http, service, refreshToken }), appPassword);
    } catch (error) {
      if (appPassword === undefined || !(error instanceof PlatformError && error.kind === 'auth_revoked')) throw error;
    }
  }
  if (appPassword === undefined) {
    throw new PlatformError('auth_revoked', 'Neither refresh token nor app password is left', {
      platformCode: 'grant_missing',
    });
  }
  return credentialsOf(
    await createSession({ http, service, identifier: account.externalId, appPassword }),
    appPassword,
  );
}

const OwnAccount = z.object({
  did: foreignId().startsWith('did:'),
  handle: z.string().min(1),
  didDoc: DidDocument.optional().catch(undefined),
});

/** A handle that leads nowhere at the moment: https://atproto.com/specs/handle, read 2026-11. */
const invalidHandle = 'handle.invalid';

export async function readBlueskyAccount({ http, account, ...access }: AccountCall): Promise<AccountProfile> {
  const service = serviceOf(account);
  const nsid = 'com.atproto.server.getSession';
  const call = { http, service, method: 'GET', nsid, access, effect: 'read' } as const;
  const { did, handle, didDoc } = await callXrpc({ ...call, answer: OwnAccount });
  const shown = handle === invalidHandle ? account.handle : handle;
  const profile = { externalId: did, handle: shown, displayName: shown, service: ownServerOf(didDoc, service) };
  return { ...profile, ...(await serverRulesOf(http, service, account.serverRules)) };
}

const ServerDescription = z.object({ blobUploadLimit: z.int().positive().optional().catch(undefined) });

/** Newer servers say how large a file they take; of others it is found out when they refuse one. */
async function serverRulesOf(
  http: PlatformHttp,
  service: string,
  known?: ServerRules,
): Promise<{ readonly serverRules?: ServerRules }> {
  const nsid = 'com.atproto.server.describeServer';
  const call = { http, service, method: 'GET', nsid, effect: 'read', answer: ServerDescription } as const;
  const { blobUploadLimit: limit } = await callXrpc(call).catch((error: unknown): z.infer<typeof ServerDescription> => {
    if (error instanceof PlatformError) return {};
    throw error;
  });
  return limit === undefined ? {} : { serverRules: rulesOfServer(known, limit) };
}

const Session = z.object({
  did: foreignId().startsWith('did:'),
  handle: z.string().min(1),
  accessJwt: foreignToken(),
  refreshJwt: foreignToken(),
  active: z.boolean().optional(),
  status: z.string().optional().catch(undefined),
  didDoc: DidDocument.optional().catch(undefined),
});
type Session = z.infer<typeof Session>;

type SessionRequest = { readonly http: PlatformHttp; readonly service: string };

function createSession({
  http,
  service,
  identifier,
  appPassword,
}: SessionRequest & { identifier: string; appPassword: string }) {
  const json = { identifier, password: appPassword };
  const nsid = 'com.atproto.server.createSession';
  return openSession({ http, service, nsid, json, refusalOf: blueskySessionRefusal });
}

function refreshSession({ http, service, refreshToken }: SessionRequest & { refreshToken: string }) {
  const nsid = 'com.atproto.server.refreshSession';
  return openSession({ http, service, nsid, token: refreshToken, refusalOf: blueskyRefreshRefusal });
}

async function openSession(
  call: SessionRequest & { nsid: string; json?: unknown; token?: string; refusalOf: typeof blueskySessionRefusal },
): Promise<Session> {
  const session = await callXrpc({
    ...call,
    method: 'POST',
    effect: 'idempotent',
    answer: Session,
  });
  if (session.active === false) throw inactiveAccount(blueskyName, session.status);
  return session;
}

function credentialsOf({ accessJwt, refreshJwt }: Session, appPassword: string | undefined): Credentials {
  const expiresAt = expiryOf(accessJwt);
  return {
    accessToken: accessJwt,
    refreshToken: refreshJwt,
    ...(appPassword === undefined ? {} : { appPassword }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    scopes: [],
  };
}

const JwtClaims = z.object({ exp: z.number().positive() });

/** The session says its end only inside the token. */
function expiryOf(jwt: string): string | undefined {
  const claims = JwtClaims.safeParse(jsonOf(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')));
  return timeAt(claims.data?.exp);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
