export interface OAuthClient {
  readonly id: string;
  readonly secret: string;
}

/** Where a platform lives and as whom we come; every address is configuration, so that the sandbox can stand in. */
export interface PlatformEndpoints {
  /** Base of the platform's API; on platforms of many servers, the default server (may be null: the user must name one). */
  readonly api: string | null;
  /** Base of the consent pages. */
  readonly authorize: string | null;
  /** Base of a service of its own for large files; absent where there is none, or the account's own server stands in for it. */
  readonly upload?: string;
  /** Bases of the platform's other hosts, by the names of `EndpointDefaults.hosts`; read with `hostOf`. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Of the API, where it is part of each request: `v25.0`, `202609`. */
  readonly version: string | null;
  readonly client: OAuthClient | null;
  /** Applications for a second login of the same platform, by the names of `EndpointDefaults.clients`; one that is not set is missing. */
  readonly clients: Readonly<Record<string, OAuthClient>>;
  /** Asked for at a consent beside the adapter's own, where it has such; absent: none. */
  readonly extraScopes?: readonly string[];
}

/** A platform's addresses before configuration: see `platformEndpoints`. */
export interface EndpointDefaults {
  /** Null where the user names the server. */
  readonly api: string | null;
  readonly authorize: string | null;
  /** See `PlatformEndpoints`. In the sandbox the account's own server stands in for it. */
  readonly upload?: string;
  /** More hosts, by name; `<PLATFORM>_<NAME>_URL` overrides one. `sandboxPath` is below the sandbox's origin. */
  readonly hosts?: Readonly<Record<string, { readonly url: string; readonly sandboxPath: string }>>;
  /** `<PLATFORM>_API_VERSION` overrides it. */
  readonly version?: string;
  /** Names of further applications: `<PLATFORM>_<NAME>_CLIENT_ID` and `_CLIENT_SECRET`. */
  readonly clients?: readonly string[];
  /** Paths below the sandbox's origin that stand in for them; null where the user names a sandbox server too. */
  readonly sandbox: { readonly apiPath: string | null; readonly authorizePath: string | null };
}
