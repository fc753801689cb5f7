import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Account } from '@vibetribe/contracts/account';
import type { Organization, User } from '@vibetribe/contracts/auth';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import { z } from 'zod';
import { DomainError } from '../../domain-error.ts';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { forgetServerClient } from './client-for-server.ts';
import { connectFault } from './connect-fault.ts';
import type { ConnectDependencies } from './connect-manually.ts';
import { type ConnectSettings, callbackUrl, pendingContext, verifierContext } from './connect-settings.ts';
import type { RightHolder } from '../../identity/find-right-holder.ts';
import { getAccount } from '../read/get-account.ts';
import { type BroughtGrant, holdConsent, storeConsent } from '../consents/store-consent.ts';
import { type TakenState, takeOAuthState } from './take-oauth-state.ts';

/** What the platform's consent page sent along; all of it is foreign. */
export interface CallbackInput {
  readonly platform: PlatformId;
  readonly state?: string | undefined;
  readonly code?: string | undefined;
  /** Who sent the code, by RFC 9207. */
  readonly iss?: string | undefined;
  readonly error?: string | undefined;
  /** A person sees the answer: they are asked before anything is connected. */
  readonly isBrowser?: boolean;
}

export type CallbackAnswer =
  | { readonly kind: 'redirect'; readonly url: string }
  | { readonly kind: 'account'; readonly account: Account; readonly organization: Organization }
  | { readonly kind: 'selection'; readonly selectionId: string; readonly organization: Organization }
  | { readonly kind: 'question'; readonly question: ConsentQuestion };

/** What whoever has given a consent is asked: the link to the consent page may have come from anybody. */
export interface ConsentQuestion {
  readonly organization: Organization;
  /** Null for a key whose maker is gone. */
  readonly askedBy: Pick<User, 'name' | 'email'> | null;
  readonly platformName: string;
  readonly accounts: ConnectedGrant['accounts'];
  /** For `confirmConsent`. */
  readonly code: string;
}

type FinishDependencies = ConnectDependencies & Pick<ConnectSettings, 'publicUrl'>;

const timeoutMs = 20_000;
/** Of the whole: a consent cannot be given again without its user, who waits. */
const budgetMs = 25_000;

/**
 * Ends what `startConnect` began: takes the state and exchanges the code. Where the user named a page to end up on, every outcome after the
 * state is a redirect there. The redirect carries a `connectCode` for whoever began, or an `error` code of a closed set. It never carries
 * the platform's text. Elsewhere a person in a browser is asked; a program gets the account, or a selection from several.
 * @throws DomainError `oauth_state_invalid`; without such a page also `platform_rejected`, `platform_unavailable` and `forbidden`
 */
export async function finishConnect(deps: FinishDependencies, input: CallbackInput): Promise<CallbackAnswer> {
  const endsAtMs = deps.clock.monotonicMs() + budgetMs;
  const taken = await takeOAuthState(deps, input);
  try {
    const connected = await exchange(deps, input, taken);
    return await answer(deps, input, taken, { platform: input.platform, connected, endsAtMs });
  } catch (error) {
    if (taken.redirectTo === null || !(error instanceof DomainError)) throw error;
    return redirect(taken.redirectTo, 'error', errorCodeOf(error));
  }
}

async function answer(
  deps: FinishDependencies,
  { isBrowser = false }: CallbackInput,
  { redirectTo, beginner }: TakenState,
  brought: BroughtGrant,
): Promise<CallbackAnswer> {
  if (redirectTo !== null) {
    const { code } = await holdConsent(deps, beginner, { ...brought, stage: 'code' });
    return redirect(redirectTo, 'connectCode', code);
  }
  const { accounts } = brought.connected;
  if (isBrowser) {
    const { code } = await holdConsent(deps, beginner, { ...brought, stage: 'page' });
    const { organization, askedBy } = await readAsker(deps, beginner);
    const platformName = deps.adapters[brought.platform].displayName;
    return { kind: 'question', question: { organization, askedBy, platformName, accounts, code } };
  }
  if (accounts.length > 1) {
    const { id } = await holdConsent(deps, beginner, { ...brought, stage: 'selection' });
    return { kind: 'selection', selectionId: id, organization: (await readAsker(deps, beginner)).organization };
  }
  const [accountId] = await storeConsent(deps, beginner, brought);
  const { organization } = await readAsker(deps, beginner);
  return { kind: 'account', account: await getAccount(deps, beginner, { accountId }), organization };
}

async function readAsker(
  { db }: Pick<FinishDependencies, 'db'>,
  { organizationId, userId }: RightHolder,
): Promise<Pick<ConsentQuestion, 'organization' | 'askedBy'>> {
  const rows = await db.asIdentity(
    (tx) =>
      queryRows(tx, { organizationName: column.text, name: column.textOrNull, email: column.textOrNull })`
      select o.name as "organizationName", u.name, u.email
      from organizations o left join users u on u.id = ${userId} where o.id = ${organizationId}`,
  );
  const { organizationName = '', name = null, email = null } = rows[0] ?? {};
  return {
    organization: { id: organizationId, name: organizationName },
    askedBy: name === null || email === null ? null : { name, email },
  };
}

async function exchange(
  deps: FinishDependencies,
  { platform, code, error, iss }: CallbackInput,
  taken: TakenState,
): Promise<ConnectedGrant> {
  const { oauth, displayName } = deps.adapters[platform];
  if (oauth === undefined) throw new DomainError('platform_rejected', `${displayName} has no consent page.`);
  if (error !== undefined || code === undefined || code === '') throw declined(displayName, error);
  try {
    return await oauth.exchange({
      endpoints: deps.endpoints(platform),
      http: deps.platformHttp(platform, { timeoutMs }),
      redirectUri: callbackUrl(deps, platform),
      code,
      issuer: iss ?? null,
      pending: pendingOf(deps, taken),
      codeVerifier: deps.keyRing.open(taken.sealedVerifier, verifierContext(taken.organizationId, taken.stateHash)),
      now: deps.clock.now(),
    });
  } catch (cause) {
    if (cause instanceof PlatformError && cause.platformCode === 'invalid_client')
      await forgetServerClient(deps, {
        platform,
        server: pendingOf(deps, taken)['instance'] ?? null,
        redirectUri: callbackUrl(deps, platform),
      });
    throw connectFault(cause, null);
  }
}

const Pending = z.record(z.string(), z.string());

function pendingOf({ keyRing }: FinishDependencies, taken: TakenState): Readonly<Record<string, string>> {
  if (taken.sealedPending === '') return {};
  const opened = keyRing.open(taken.sealedPending, pendingContext(taken.organizationId, taken.stateHash));
  return Pending.parse(JSON.parse(opened));
}

/** RFC 6749, 4.1.2.1: `access_denied` is the user's own no; of any other code only that it came is passed on. */
class ConsentDeclinedError extends DomainError {
  readonly wasDenied: boolean;

  constructor(displayName: string, wasDenied: boolean) {
    super(
      'platform_rejected',
      wasDenied ? `The consent was declined on ${displayName}.` : `${displayName} did not give its consent.`,
    );
    this.wasDenied = wasDenied;
  }
}

function declined(displayName: string, error: string | undefined): ConsentDeclinedError {
  return new ConsentDeclinedError(displayName, error === 'access_denied');
}

function errorCodeOf(error: DomainError): string {
  return error instanceof ConsentDeclinedError && error.wasDenied ? 'access_denied' : error.code;
}

function redirect(to: string, name: 'connectCode' | 'error', value: string): CallbackAnswer {
  const url = new URL(to);
  url.searchParams.set(name, value);
  return { kind: 'redirect', url: url.href };
}
