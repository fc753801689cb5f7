import type { DoctorCheck, DoctorReport } from '@vibetribe/contracts/platform';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { isLoopbackUrl } from '@vibetribe/platforms/http/loopback-url';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { DoctorDescription } from '@vibetribe/platforms/port/doctor';
import type { PlatformEndpoints } from '@vibetribe/platforms/port/endpoints';
import { z } from 'zod';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import { createLoadingCache, type LoadingCache } from '../loading-cache.ts';
import { visibleTo } from '../accounts/read/account-row.ts';
import { checkClientAddress } from './check-client-address.ts';
import { callbackUrl, type ConnectSettings } from '../accounts/connect/connect-settings.ts';

/** What platforms have said of this installation, for every admin who asks. */
export type DoctorAnswers = LoadingCache<readonly DoctorCheck[]>;

type DoctorDependencies = Pick<CoreDependencies, 'db' | 'adapters' | 'endpoints' | 'platformHttp' | 'clock'> &
  Pick<ConnectSettings, 'publicUrl'> & { readonly doctorAnswers: DoctorAnswers };

const askTimeoutMs = 10_000;
/** How long one answer serves every admin: the application's limit at the platform is everybody's. */
export const doctorAnswersMs = 3 * 60_000;

export function createDoctorAnswers({ clock }: Pick<CoreDependencies, 'clock'>): DoctorAnswers {
  return createLoadingCache({ ttlMs: doctorAnswersMs, entriesMax: PlatformId.options.length, clock });
}

/**
 * What this installation lacks for a platform, and what will end: credentials, the redirect address, the version, permissions; checked
 * with the platform where that is possible without a user. Reads only, and shows no secret.
 * @throws DomainError `not_found` for a platform that there is not
 */
export async function diagnosePlatform(
  deps: DoctorDependencies,
  actor: Actor,
  { platformId }: { readonly platformId: string },
): Promise<DoctorReport> {
  requireRight(actor, 'accounts:manage');
  const platform = PlatformId.safeParse(platformId).data;
  if (platform === undefined) throw notFound('platform');
  const adapter = deps.adapters[platform];
  const endpoints = deps.endpoints(platform);
  const now = deps.clock.now();
  const redirectUri = callbackUrl(deps, platform);
  return {
    checks: [
      ...(adapter.oauth === undefined
        ? [connectsByHand(adapter)]
        : [...credentialChecks(adapter, endpoints), redirectCheck(adapter, redirectUri)]),
      ...versionChecks(adapter.doctor, endpoints, now),
      ...(await scopeChecks(deps, actor, adapter)),
      ...(await deps.doctorAnswers.get(
        JSON.stringify([platform, endpoints.api, endpoints.client?.id, redirectUri]),
        async () => [
          ...(await checkClientAddress(deps, adapter)),
          ...(await ownChecks(deps, adapter, { endpoints, redirectUri, now })),
        ],
      )),
    ],
  };
}

function connectsByHand({ displayName }: PlatformAdapter): DoctorCheck {
  return {
    name: 'credentials',
    status: 'ok',
    detail: `${displayName} needs no application: accounts bring their own credentials`,
  };
}

function credentialChecks({ id, oauth, doctor }: PlatformAdapter, { client }: PlatformEndpoints): DoctorCheck[] {
  const name = 'credentials';
  if (oauth?.registerClient !== undefined)
    return [{ name, status: 'ok', detail: 'This installation makes itself known to each server' }];
  if (oauth?.describedClient !== undefined)
    return [{ name, status: 'ok', detail: 'Servers read about this installation at an address of its own' }];
  if (client !== null) return [{ name, status: 'ok', detail: `Set: the application ${client.id}` }];
  const prefix = id.toUpperCase().replaceAll('-', '_');
  const consoleUrl = doctor?.consoleUrl ?? null;
  const where = consoleUrl === null ? '' : ` They stand at ${consoleUrl}.`;
  const action = `Set ${prefix}_CLIENT_ID and ${prefix}_CLIENT_SECRET.${where}`;
  return [{ name, status: 'failed', detail: 'No application is configured: nobody can connect by consent', action }];
}

/** @param redirectUri compared by platforms character by character */
function redirectCheck({ doctor, displayName, oauth }: PlatformAdapter, redirectUri: string): DoctorCheck {
  const name = 'redirect_address';
  const { protocol } = new URL(redirectUri);
  const isLocal = isLoopbackUrl(redirectUri);
  const consoleUrl = doctor?.consoleUrl ?? null;
  const at = consoleUrl === null ? '' : ` at ${consoleUrl}`;
  const isTold = oauth?.registerClient !== undefined || oauth?.describedClient !== undefined;
  if (isTold && protocol === 'https:')
    return { name, status: 'ok', detail: `Each server is told ${redirectUri} when it is first named` };
  const action = isTold ? '' : ` Enter ${redirectUri} as a redirect address of the application${at}`;
  if (protocol === 'https:') {
    const detail = `${displayName} sends people back to ${redirectUri}; whether it knows that address only a consent shows`;
    return { name, status: 'unknown', detail, action: action.trim() };
  }
  const reach = isLocal ? 'only this machine reaches it' : 'it is not encrypted, and most platforms refuse it';
  return {
    name,
    status: 'warning',
    detail: `People are sent back to ${redirectUri}: ${reach}`,
    action: `Set PUBLIC_URL to the https address under which the API is reached.${action}`,
  };
}

const dayMs = 24 * 3_600_000;
const endsSoonMs = 60 * dayMs;

function versionChecks(
  doctor: DoctorDescription | undefined,
  { version }: PlatformEndpoints,
  now: Date,
): DoctorCheck[] {
  const { versionEnds } = doctor ?? {};
  if (version === null || versionEnds === undefined) return [];
  const name = 'version';
  const end = Object.hasOwn(versionEnds, version) ? versionEnds[version] : undefined;
  if (end === undefined) {
    const look = 'Look it up in the platform’s list of versions; one that has ended is refused';
    return [{ name, status: 'unknown', detail: `When version ${version} ends is not known here`, action: look }];
  }
  const leftMs = Date.parse(end) + dayMs - now.getTime();
  const newest = Object.entries(versionEnds).toSorted(([, one], [, other]) => other.localeCompare(one))[0]?.[0];
  const action = `Set the version to a newer one, ${newest} for example`;
  if (leftMs <= 0) return [{ name, status: 'failed', detail: `Version ${version} ended on ${end}`, action }];
  if (leftMs < endsSoonMs) return [{ name, status: 'warning', detail: `Version ${version} ends on ${end}`, action }];
  return [{ name, status: 'ok', detail: `Version ${version} is answered until ${end}` }];
}

/** What the connected accounts were granted; a platform that does not say what it grants cannot be held to it. */
async function scopeChecks(
  { db }: Pick<DoctorDependencies, 'db'>,
  actor: Actor,
  { id, doctor }: PlatformAdapter,
): Promise<DoctorCheck[]> {
  if (doctor === undefined) return [];
  const grants = await db.asTenant(
    actor.organizationId,
    (tx) =>
      queryRows(tx, { scopes: z.array(z.string()), accounts: column.number })`
        select g.scopes, count(*)::float8 as accounts from accounts a join grants g on g.organization_id = a.organization_id and g.id = a.grant_id
        where a.organization_id = ${actor.organizationId} and a.platform = ${id} and a.status <> 'disconnected' and cardinality(g.scopes) > 0
          and ${visibleTo(actor)}
        group by g.scopes`,
  );
  return doctor.scopes.map(({ name, purpose, review }) => {
    const lacking = grants.reduce((sum, { scopes, accounts }) => sum + (scopes.includes(name) ? 0 : accounts), 0);
    const granting = {
      none: '',
      review: '. People outside the team of the application can grant it only after a review',
      partner: '. Only approved partners have it',
    }[review];
    const detail = `Needed ${purpose}${granting}`;
    const check = { name: `scope ${name}`, detail };
    if (grants.length === 0) {
      const action = 'Connect an account: what it was granted is told then';
      return { ...check, status: 'unknown' as const, action };
    }
    if (lacking === 0) return { ...check, status: 'ok' as const };
    const what = lacking === 1 ? 'One account was' : `${lacking} accounts were`;
    return {
      ...check,
      status: 'warning' as const,
      detail: `${detail}. ${what} connected without it`,
      action: 'Connect them again; where it is still missing, ask the platform for it in its console',
    };
  });
}

/** The platform's own answer; one that does not come is no verdict. */
async function ownChecks(
  deps: DoctorDependencies,
  { id, doctor, displayName }: PlatformAdapter,
  request: { readonly endpoints: PlatformEndpoints; readonly redirectUri: string; readonly now: Date },
): Promise<readonly DoctorCheck[]> {
  if (doctor?.check === undefined) return [];
  try {
    return await doctor.check({ ...request, http: deps.platformHttp(id, { timeoutMs: askTimeoutMs }) });
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const action = 'Ask again later; if it stays so, see whether this server reaches the platform';
    const detail = `${displayName} could not be asked: ${error.message}`;
    return [{ name: 'platform', status: 'unknown', detail, action }];
  }
}
