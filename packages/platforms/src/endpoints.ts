import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { EndpointDefaults, PlatformEndpoints } from './port/endpoints.ts';
import { adapters } from './registry.ts';

/** What the sandbox accepts as the product's application. */
const sandboxClient = { id: 'vibetribe-sandbox', secret: 'vibetribe-sandbox-secret' } as const;

export interface EndpointSettings {
  /** Where set, every address and client defaults to the sandbox there. */
  readonly sandboxUrl?: string | undefined;
  /** `<PLATFORM>_API_URL`, `_AUTHORIZE_URL`, `_UPLOAD_URL`, `_CLIENT_ID` and `_CLIENT_SECRET` win over every default. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where a platform lives for this installation, and as whom we come. */
export function platformEndpoints(platform: PlatformId, { sandboxUrl, env }: EndpointSettings): PlatformEndpoints {
  const prefix = platform.toUpperCase().replaceAll('-', '_');
  const setting = (name: string) => env[`${prefix}_${name}`]?.trim() || undefined;
  const defaults = defaultsOf(adapters[platform].endpoints, sandboxUrl);
  const id = setting('CLIENT_ID');
  const secret = setting('CLIENT_SECRET');
  const upload = setting('UPLOAD_URL') ?? defaults.upload;
  return {
    api: withoutSlash(setting('API_URL') ?? defaults.api),
    authorize: setting('AUTHORIZE_URL') ?? defaults.authorize,
    ...(upload === undefined ? {} : { upload: withoutSlash(upload) }),
    client: id !== undefined && secret !== undefined ? { id, secret } : defaults.client,
  };
}

function defaultsOf(endpoints: EndpointDefaults, sandboxUrl: string | undefined): PlatformEndpoints {
  const { api, authorize, upload } = endpoints;
  if (sandboxUrl === undefined) return { api, authorize, ...(upload === undefined ? {} : { upload }), client: null };
  const below = (path: string | null) => (path === null ? null : `${withoutSlash(sandboxUrl)}${path}`);
  const { apiPath, authorizePath } = endpoints.sandbox;
  return {
    api: below(apiPath),
    authorize: below(authorizePath),
    client: authorizePath === null ? null : sandboxClient,
  };
}

function withoutSlash<Url extends string | null>(url: Url): Url extends string ? string : null;
function withoutSlash(url: string | null): string | null {
  return url === null ? null : url.replace(/\/+$/u, '');
}
