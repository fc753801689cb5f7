import type { Account } from '@vibetribe/contracts/account';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import { z } from 'zod';
import { DomainError } from '../domain-error.ts';
import { connectFault } from './connect-fault.ts';
import type { ConnectDependencies } from './connect-manually.ts';
import { type ConnectSettings, callbackUrl, pendingContext, verifierContext } from './connect-settings.ts';
import { getAccount } from './get-account.ts';
import { storeConsent } from './store-consent.ts';
import { type TakenState, takeOAuthState } from './take-oauth-state.ts';

/** What the platform's consent page sent along; all of it is foreign. */
export interface CallbackInput {
  readonly platform: PlatformId;
  readonly state?: string | undefined;
  readonly code?: string | undefined;
  /** Who sent the code, by RFC 9207. */
  readonly iss?: string | undefined;
  readonly error?: string | undefined;
}

export type CallbackAnswer =
  | { readonly kind: 'redirect'; readonly url: string }
  | { readonly kind: 'account'; readonly account: Account };

type FinishDependencies = ConnectDependencies & Pick<ConnectSettings, 'publicUrl'>;

const timeoutMs = 20_000;
/** Of the whole: a consent cannot be given again without its user, who waits. */
const budgetMs = 25_000;

/**
 * Ends what `startConnect` began: takes the state, exchanges the code, stores the grant. Where the user named a page to end up on, every
 * outcome after the state is a redirect there, with `accountId` or one of the closed set of `error` codes; never the platform's text.
 * @throws DomainError `oauth_state_invalid`; without such a page also `platform_rejected` and `platform_unavailable`
 */
export async function finishConnect(deps: FinishDependencies, input: CallbackInput): Promise<CallbackAnswer> {
  const endsAtMs = deps.clock.monotonicMs() + budgetMs;
  const taken = await takeOAuthState(deps, input);
  try {
    const connected = await exchange(deps, input, taken);
    const [accountId] = await storeConsent(deps, taken.organizationId, input.platform, connected, endsAtMs);
    if (taken.redirectTo !== null) return redirect(taken.redirectTo, 'accountId', accountId);
    const readers = { organizationId: taken.organizationId, accountIds: null };
    return { kind: 'account', account: await getAccount(deps, readers, { accountId }) };
  } catch (error) {
    if (taken.redirectTo === null || !(error instanceof DomainError)) throw error;
    return redirect(taken.redirectTo, 'error', errorCodeOf(error));
  }
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
class ConsentDeclined extends DomainError {
  readonly wasDenied: boolean;

  constructor(displayName: string, wasDenied: boolean) {
    super(
      'platform_rejected',
      wasDenied ? `The consent was declined on ${displayName}.` : `${displayName} did not give its consent.`,
    );
    this.wasDenied = wasDenied;
  }
}

function declined(displayName: string, error: string | undefined): ConsentDeclined {
  return new ConsentDeclined(displayName, error === 'access_denied');
}

function errorCodeOf(error: DomainError): string {
  return error instanceof ConsentDeclined && error.wasDenied ? 'access_denied' : error.code;
}

function redirect(to: string, name: 'accountId' | 'error', value: string): CallbackAnswer {
  const url = new URL(to);
  url.searchParams.set(name, value);
  return { kind: 'redirect', url: url.href };
}
