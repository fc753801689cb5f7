import { cleanName, foreignId, foreignToken, webUrlIn } from './answer-fields.ts';
import { countIn } from './metric-readings.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountProfile, VisiblePart } from '../port/account.ts';
import type { CommentSupport, PlatformAdapter } from '../port/adapter.ts';
import type { ConnectedGrant, Credentials, ManualConnect, OAuthConnect, TokenRefresh } from '../port/connect.ts';
import type { MetricReading, MetricsSupport } from '../port/metrics.ts';

/** Of a handle and of a display name, code points. */
const nameCharactersMax = 200;
const accountsMax = 1_000;
const scopesMax = 200;

/**
 * The adapter with everything it gives back made fit to be kept and shown: names cleaned and cut, addresses that lead nowhere
 * dropped, ids and tokens that cannot be kept refused. A platform of many servers is anybody's server.
 */
export function withCleanAnswers(adapter: PlatformAdapter): PlatformAdapter {
  const { oauth, manual, refresh, comments, metrics } = adapter;
  const readAccount = adapter.readAccount?.bind(adapter);
  return {
    ...adapter,
    ...(oauth === undefined ? {} : { oauth: cleanOAuth(oauth, adapter.displayName) }),
    ...(manual === undefined ? {} : { manual: cleanManual(manual, adapter.displayName) }),
    ...(refresh === undefined ? {} : { refresh: cleanRefresh(refresh, adapter.displayName) }),
    ...(comments === undefined ? {} : { comments: cleanComments(comments) }),
    ...(metrics === undefined ? {} : { metrics: cleanMetrics(metrics) }),
    ...(readAccount === undefined
      ? {}
      : { readAccount: async (call) => cleanAccount(await readAccount(call), adapter.displayName) }),
    publish: async (run) => {
      const fate = await adapter.publish(run);
      return fate.kind === 'published' ? cleanPart(fate) : fate;
    },
    reconcile: async (query) => {
      const finding = await adapter.reconcile(query);
      return finding.kind === 'found' ? cleanPart(finding) : finding;
    },
  };
}

function cleanOAuth(oauth: OAuthConnect, name: string): OAuthConnect {
  return { ...oauth, exchange: async (answer) => cleanGrant(await oauth.exchange(answer), name) };
}

function cleanManual(manual: ManualConnect, name: string): ManualConnect {
  return { ...manual, connect: async (request) => cleanGrant(await manual.connect(request), name) };
}

function cleanRefresh(refresh: TokenRefresh, name: string): TokenRefresh {
  return { ...refresh, refresh: async (request) => cleanCredentials(await refresh.refresh(request), name) };
}

function cleanComments(comments: CommentSupport): CommentSupport {
  return {
    ...comments,
    publish: async (run) => cleanPart(await comments.publish(run)),
    reconcile: async (query) => {
      const finding = await comments.reconcile(query);
      return finding.kind === 'found' ? cleanPart(finding) : finding;
    },
  };
}

/** Each number once, of the posts that were asked for, and none that cannot have been counted. */
function cleanMetrics(metrics: MetricsSupport): MetricsSupport {
  const readAccount = metrics.readAccount?.bind(metrics);
  return {
    ...metrics,
    readPosts: async (call) => {
      const found = await metrics.readPosts(call);
      return new Map(
        call.posts.flatMap(({ platformPostId }) => {
          const readings = found.get(platformPostId);
          return readings === undefined ? [] : [[platformPostId, cleanReadings(readings)] as const];
        }),
      );
    },
    ...(readAccount === undefined ? {} : { readAccount: async (call) => cleanReadings(await readAccount(call)) }),
  };
}

function cleanReadings(readings: readonly MetricReading[]): MetricReading[] {
  const byMetric = new Map(readings.map((reading) => [reading.metric, { ...reading, value: countIn(reading.value) }]));
  return [...byMetric.values()];
}

/** The id is one of `foreignId` already where the adapter reads its answers as it should. */
function cleanPart<Part extends VisiblePart>(part: Part): Part {
  return { ...part, url: webUrlIn(part.url) };
}

function cleanGrant(grant: ConnectedGrant, platformName: string): ConnectedGrant {
  return {
    ...grant,
    credentials: cleanCredentials(grant.credentials, platformName),
    accounts: grant.accounts.slice(0, accountsMax).map((account) => cleanAccount(account, platformName)),
  };
}

function cleanAccount<Account extends Pick<AccountProfile, 'externalId' | 'handle' | 'displayName'>>(
  account: Account,
  platformName: string,
): Account {
  if (!foreignId().safeParse(account.externalId).success) throw unusable(platformName, 'account_id');
  const handle = cleanName(account.handle, nameCharactersMax) || account.externalId;
  return { ...account, handle, displayName: cleanName(account.displayName, nameCharactersMax) || handle };
}

function cleanCredentials(credentials: Credentials, platformName: string): Credentials {
  const { accessToken, refreshToken, accountTokens = {}, scopes } = credentials;
  const tokens = [accessToken, ...Object.values(accountTokens), ...(refreshToken === undefined ? [] : [refreshToken])];
  if (!tokens.every((token) => foreignToken().safeParse(token).success)) throw unusable(platformName, 'token');
  return {
    ...credentials,
    scopes: scopes
      .slice(0, scopesMax)
      .map((scope) => cleanName(scope, nameCharactersMax))
      .filter((scope) => scope !== ''),
  };
}

function unusable(platformName: string, what: string): PlatformError {
  return new PlatformError('unavailable', `${platformName} gave an answer that cannot be used (${what})`, {
    platformCode: `${what}_unusable`,
  });
}
