import { Account, ConnectStarted } from '@vibetribe/contracts/account';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { z } from 'zod';
import type { Endpoints } from '../endpoints-file.ts';
import { callJson } from './call-json.ts';
import { DemoFault } from './demo-fault.ts';

export type DemoTarget = Pick<Endpoints, 'api' | 'sandbox' | 'apiKey'> & { signal: AbortSignal };

const handle = 'demo';

const SandboxAccount = z.object({
  account: z.object({ id: z.string(), handle: z.string() }),
  accessToken: z.string().optional(),
  appPassword: z.string().optional(),
});
type SandboxAccount = z.infer<typeof SandboxAccount>;
const SandboxHosts = z.record(z.string(), z.string());

/** Connects an account of each demo platform, in every way the product offers: app password, access token, consent page. */
export async function connectDemoAccounts(target: DemoTarget): Promise<Account[]> {
  const hosts = await callJson(SandboxHosts, { url: `${target.sandbox}/_sandbox/hosts`, signal: target.signal });
  return [
    await connectManually(target, 'bluesky', (made) => ({
      service: hostOf(hosts, 'bluesky'),
      handle: made.account.handle,
      appPassword: secretOf(made.appPassword, 'bluesky'),
    })),
    await connectManually(target, 'mastodon', (made) => ({
      instance: hostOf(hosts, 'mastodon'),
      accessToken: secretOf(made.accessToken, 'mastodon'),
    })),
    await connectByConsent(target, 'x'),
  ];
}

async function connectManually(
  target: DemoTarget,
  platform: PlatformId,
  credentialsOf: (made: SandboxAccount) => Record<string, string>,
): Promise<Account> {
  const made = await callJson(SandboxAccount, {
    method: 'POST',
    url: `${target.sandbox}/_sandbox/accounts`,
    body: { platform, handle },
    signal: target.signal,
  });
  return callJson(Account, {
    method: 'POST',
    url: `${target.api}/api/v1/accounts/manual`,
    bearer: target.apiKey,
    body: { platform, credentials: credentialsOf(made) },
    signal: target.signal,
  });
}

/** The consent page approves by itself when it is told who approves, and sends the browser back to the API's callback. */
async function connectByConsent(target: DemoTarget, platform: PlatformId): Promise<Account> {
  const started = await callJson(ConnectStarted, {
    method: 'POST',
    url: `${target.api}/api/v1/accounts/connect`,
    bearer: target.apiKey,
    body: { platform },
    signal: target.signal,
  });
  const consent = new URL(started.authorizationUrl);
  consent.searchParams.set('sandbox_approve', handle);
  const connected = await callJson(z.object({ account: Account }), { url: consent.href, signal: target.signal });
  return connected.account;
}

function hostOf(hosts: Record<string, string>, platform: string): string {
  const host = hosts[platform];
  if (host === undefined) throw new DemoFault(`The sandbox names no host for ${platform}.`);
  return host;
}

function secretOf(secret: string | undefined, platform: string): string {
  if (secret === undefined) throw new DemoFault(`The sandbox gave no credentials for ${platform}.`);
  return secret;
}
