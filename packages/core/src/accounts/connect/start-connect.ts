import type { ConnectStarted, StartConnect } from '@vibetribe/contracts/account';
import { oauthStates } from '@vibetribe/db/schema/accounts';
import type { ConsentBegun, OAuthConnect } from '@vibetribe/platforms/port/connect';
import { hashToken, newOpaqueToken } from '@vibetribe/security/opaque-token';
import { codeChallengeOf, newCodeVerifier } from '@vibetribe/security/pkce';
import { sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { clientForServer } from './client-for-server.ts';
import { connectFault } from './connect-fault.ts';
import { describedClient } from './described-client.ts';
import { type ConnectSettings, callbackUrl, pendingContext, verifierContext } from './connect-settings.ts';

type StartDependencies = Pick<
  CoreDependencies,
  'db' | 'keyRing' | 'clock' | 'adapters' | 'endpoints' | 'platformHttp' | 'clientsBeingMade'
> &
  ConnectSettings;

const timeoutMs = 10_000;

/**
 * Begins connecting an account through the platform's consent page. The state lives 10 minutes, works once and is bound to who
 * began, the organization, the platform and where the user wants to end up; only its hash is stored.
 * @throws DomainError `validation_failed` with a path, `platform_rejected` where no application is configured
 */
export async function startConnect(
  deps: StartDependencies,
  actor: Actor,
  input: StartConnect,
): Promise<ConnectStarted> {
  const oauth = requireOAuth(deps, input);
  requireKnownOrigin(deps, input.redirectTo);
  const state = newOpaqueToken('vts_');
  const stateHash = hashToken(state);
  const codeVerifier = newCodeVerifier();
  const { authorizationUrl, pending } = await begin(deps, oauth, input, {
    state,
    codeChallenge: codeChallengeOf(codeVerifier),
  });
  await deps.db.asTenant(actor.organizationId, (tx) =>
    tx.insert(oauthStates).values({
      stateHash,
      organizationId: actor.organizationId,
      userId: actor.userId,
      principal: actor.principal,
      platform: input.platform,
      redirectTo: input.redirectTo ?? null,
      codeVerifier: deps.keyRing.seal(codeVerifier, verifierContext(actor.organizationId, stateHash)),
      pending:
        pending === undefined
          ? ''
          : deps.keyRing.seal(JSON.stringify(pending), pendingContext(actor.organizationId, stateHash)),
      expiresAt: sql`clock_timestamp() + interval '10 minutes'`,
    }),
  );
  return { authorizationUrl, state };
}

function requireOAuth(deps: Pick<CoreDependencies, 'adapters'>, { platform }: StartConnect): OAuthConnect {
  const { oauth, displayName } = deps.adapters[platform];
  if (oauth !== undefined) return oauth;
  throw fieldFault(
    'platform',
    `${displayName} accounts are connected with credentials of your own, by POST /accounts/manual`,
  );
}

function requireKnownOrigin({ redirectOrigins }: ConnectSettings, redirectTo: string | undefined): void {
  if (redirectTo === undefined) return;
  const { origin, protocol } = new URL(redirectTo);
  const isWeb = protocol === 'https:' || protocol === 'http:';
  if (isWeb && redirectOrigins.some((allowed) => URL.canParse(allowed) && new URL(allowed).origin === origin)) return;
  throw fieldFault('redirectTo', 'its origin is not among those that this server sends people on to');
}

function fieldFault(path: string, message: string): DomainError {
  return new DomainError('validation_failed', `The field ${path} is not valid: ${message}.`, {
    errors: [{ path, message }],
  });
}

/** The platform may be asked before the user is sent to it. */
async function begin(
  deps: StartDependencies,
  oauth: OAuthConnect,
  input: StartConnect,
  secrets: { readonly state: string; readonly codeChallenge: string },
): Promise<ConsentBegun> {
  const { platform, instance, service, handle = null } = input;
  const call = { endpoints: deps.endpoints(platform), http: deps.platformHttp(platform, { timeoutMs }) };
  const place = { platform, server: instance ?? service ?? null, redirectUri: callbackUrl(deps, platform) };
  try {
    return await oauth.begin({
      ...secrets,
      ...call,
      redirectUri: place.redirectUri,
      server: place.server,
      handle,
      client:
        oauth.describedClient === undefined
          ? await clientForServer(deps, oauth, place, call)
          : await describedClient(deps, platform, oauth.describedClient),
      now: deps.clock.now(),
    });
  } catch (error) {
    throw connectFault(error, fieldNamed(input));
  }
}

/** Which field named the place that was refused. */
function fieldNamed({ instance, service, handle }: StartConnect): string {
  if (instance !== undefined) return 'instance';
  if (service !== undefined) return 'service';
  return handle === undefined ? 'platform' : 'handle';
}
