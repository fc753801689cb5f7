import { PlatformError } from '../port/platform-error.ts';
import type { OAuthClient, PlatformEndpoints } from '../port/endpoints.ts';

/** Base of the API. @throws PlatformError `permission` where this installation has none */
export function apiOf({ api }: PlatformEndpoints, platformName: string): string {
  return api ?? fail(`No address is configured for ${platformName}`, 'api_missing');
}

/** Base of the consent pages. @throws PlatformError `permission` where this installation has none */
export function authorizeOf({ authorize }: PlatformEndpoints, platformName: string): string {
  return authorize ?? fail(`No consent page is configured for ${platformName}`, 'authorize_missing');
}

/** Base of one of the platform's other hosts. @throws PlatformError `permission` where this installation has none */
export function hostOf({ hosts }: PlatformEndpoints, name: string, platformName: string): string {
  const host = Object.hasOwn(hosts, name) ? hosts[name] : undefined;
  return host ?? fail(`No address of ${name} is configured for ${platformName}`, 'host_missing');
}

/**
 * The application we come as.
 * @param settings the two environment variables that name it, for the reason
 * @param name one of `clients`; the platform's main one where it is not given
 * @throws PlatformError `permission` where there is none
 */
export function clientOf(endpoints: PlatformEndpoints, settings: string, name?: string): OAuthClient {
  const client = name === undefined ? endpoints.client : endpoints.clients[name];
  return client ?? fail(`No application is configured: set ${settings}`, 'client_missing');
}

function fail(message: string, platformCode: string): never {
  throw new PlatformError('permission', message, { platformCode });
}
