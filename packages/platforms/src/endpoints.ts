import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { EndpointDefaults, OAuthClient, PlatformEndpoints } from './port/endpoints.ts';
import { adapters } from './registry.ts';

/** What the sandbox accepts as the product's application. */
const sandboxClient = { id: 'vibetribe-sandbox', secret: 'vibetribe-sandbox-secret' } as const;

export interface EndpointSettings {
  /** Where set, every address and client defaults to the sandbox there. */
  readonly sandboxUrl?: string | undefined;
  /**
   * `<PLATFORM>_API_URL`, `_AUTHORIZE_URL`, `_UPLOAD_URL`, `_API_VERSION`, `_CLIENT_ID` and `_CLIENT_SECRET` win over every default;
   * so do `_<HOST>_URL` and `_<CLIENT>_CLIENT_ID` for what an adapter names beside them. `_EXTRA_SCOPES`, with commas: see
   * `PlatformEndpoints.extraScopes`.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where a platform lives for this installation, and as whom we come. */
export function platformEndpoints(platform: PlatformId, { sandboxUrl, env }: EndpointSettings): PlatformEndpoints {
  const prefix = platform.toUpperCase().replaceAll('-', '_');
  const setting = (name: string) => env[`${prefix}_${name}`]?.trim() || undefined;
  const given = adapters[platform].endpoints;
  const defaults = defaultsOf(given, sandboxUrl);
  const upload = setting('UPLOAD_URL') ?? defaults.upload;
  const hosts = Object.entries(defaults.hosts).map(([name, url]) => [
    name,
    withoutSlash(setting(`${settingName(name)}_URL`) ?? url),
  ]);
  const clients = (given.clients ?? []).flatMap((name) => {
    const client = clientIn(setting, `${settingName(name)}_`) ?? defaults.client;
    return client === null ? [] : [[name, client]];
  });
  const extraScopes = (setting('EXTRA_SCOPES') ?? '').split(/[\s,]+/u).filter((scope) => scope !== '');
  return {
    ...(extraScopes.length === 0 ? {} : { extraScopes }),
    api: withoutSlash(setting('API_URL') ?? defaults.api),
    authorize: setting('AUTHORIZE_URL') ?? defaults.authorize,
    ...(upload === undefined ? {} : { upload: withoutSlash(upload) }),
    hosts: Object.fromEntries(hosts),
    version: setting('API_VERSION') ?? given.version ?? null,
    client: clientIn(setting, '') ?? defaults.client,
    clients: Object.fromEntries(clients),
  };
}

function clientIn(setting: (name: string) => string | undefined, prefix: string): OAuthClient | null {
  const id = setting(`${prefix}CLIENT_ID`);
  const secret = setting(`${prefix}CLIENT_SECRET`);
  return id !== undefined && secret !== undefined ? { id, secret } : null;
}

/** `graphVideo` as `GRAPH_VIDEO`. */
function settingName(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => `_${letter}`).toUpperCase();
}

type Defaults = Pick<PlatformEndpoints, 'api' | 'authorize' | 'upload' | 'hosts' | 'client'>;

function defaultsOf(endpoints: EndpointDefaults, sandboxUrl: string | undefined): Defaults {
  const { api, authorize, upload, hosts = {} } = endpoints;
  const hostsAt = (url: (host: { url: string; sandboxPath: string }) => string) =>
    Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, url(host)]));
  if (sandboxUrl === undefined) {
    const real = hostsAt(({ url }) => url);
    return { api, authorize, ...(upload === undefined ? {} : { upload }), hosts: real, client: null };
  }
  const below = (path: string) => `${withoutSlash(sandboxUrl)}${path}`;
  const { apiPath, authorizePath } = endpoints.sandbox;
  return {
    api: apiPath === null ? null : below(apiPath),
    authorize: authorizePath === null ? null : below(authorizePath),
    hosts: hostsAt(({ sandboxPath }) => below(sandboxPath)),
    client: authorizePath === null ? null : sandboxClient,
  };
}

function withoutSlash<Url extends string | null>(url: Url): Url extends string ? string : null;
function withoutSlash(url: string | null): string | null {
  return url === null ? null : url.replace(/\/+$/u, '');
}
