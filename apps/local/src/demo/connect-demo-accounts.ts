import { Account, ConnectStarted } from '@vibetribe/contracts/account';
import { Platform } from '@vibetribe/contracts/platform';
import { z } from 'zod';
import type { Endpoints } from '../endpoints-file.ts';
import { callJson } from './call-json.ts';
import { DemoError } from './demo-error.ts';

export type DemoTarget = Pick<Endpoints, 'api' | 'sandbox' | 'apiKey'> & { signal: AbortSignal };

const handle = 'demo';

/** The account, and its credentials under the names that the platform has for them. */
const SandboxAccount = z.looseObject({ account: z.object({ id: z.string(), handle: z.string() }) });
const SandboxHosts = z.record(z.string(), z.string());
const Platforms = z.object({ items: z.array(Platform) });

/** An account of the demo, and what its platform shows nothing without. */
export interface DemoAccount {
  readonly account: Account;
  readonly needs: 'picture' | 'film' | null;
}

/** Connects an account of every platform: through its consent page where it has one, else by the form it asks for. */
export async function connectDemoAccounts(target: DemoTarget): Promise<DemoAccount[]> {
  const { api, sandbox, apiKey: bearer, signal } = target;
  const { items: platforms } = await callJson(Platforms, { url: `${api}/api/v1/platforms`, bearer, signal });
  const hosts = await callJson(SandboxHosts, { url: `${sandbox}/_sandbox/hosts`, signal });
  const accounts: DemoAccount[] = [];
  for (const platform of platforms) {
    const account = platform.connect.oauth
      ? await connectByConsent(target, platform, hosts[platform.id])
      : await connectByHand(target, platform, hosts[platform.id]);
    const { required, videosMin = 0 } = platform.rules.media;
    accounts.push({ account, needs: required ? (videosMin > 0 ? 'film' : 'picture') : null });
  }
  return accounts;
}

/** @param host the sandbox's origin for a platform of many servers */
async function connectByHand(target: DemoTarget, platform: Platform, host: string | undefined): Promise<Account> {
  const { account, ...given } = await callJson(SandboxAccount, {
    method: 'POST',
    url: `${target.sandbox}/_sandbox/accounts`,
    body: { platform: platform.id, handle },
    signal: target.signal,
  });
  const known = { ...given, service: host, instance: host, handle: account.handle, externalId: account.id };
  return callJson(Account, {
    method: 'POST',
    url: `${target.api}/api/v1/accounts/manual`,
    bearer: target.apiKey,
    body: { platform: platform.id, credentials: filledForm(platform, new Map(Object.entries(known))) },
    signal: target.signal,
  });
}

function filledForm(platform: Platform, known: ReadonlyMap<string, unknown>): Record<string, string> {
  const form: Record<string, string> = {};
  for (const { name, required } of platform.manualFields) {
    const value = known.get(name);
    if (typeof value === 'string') form[name] = value;
    else if (required) throw new DemoError(`The sandbox gave no ${name} for ${platform.displayName}.`);
  }
  return form;
}

/**
 * The consent page approves by itself when it is told who approves, and sends the browser back to the API's callback.
 * @param host as `connectByHand` has it
 */
async function connectByConsent(target: DemoTarget, platform: Platform, host: string | undefined): Promise<Account> {
  const started = await callJson(ConnectStarted, {
    method: 'POST',
    url: `${target.api}/api/v1/accounts/connect`,
    bearer: target.apiKey,
    body: { platform: platform.id, ...(host === undefined ? {} : { instance: host }) },
    signal: target.signal,
  });
  const consent = new URL(started.authorizationUrl);
  consent.searchParams.set('sandbox_approve', handle);
  const connected = await callJson(z.object({ account: Account }), { url: consent.href, signal: target.signal });
  return connected.account;
}
