/** Where a platform lives and as whom we come; every address is configuration, so that the sandbox can stand in. */
export interface PlatformEndpoints {
  /** Base of the platform's API; on platforms of many servers, the default server (may be null: the user must name one). */
  readonly api: string | null;
  /** Base of the consent pages. */
  readonly authorize: string | null;
  /** Base of a service of its own for large files; absent where there is none, or the account's own server stands in for it. */
  readonly upload?: string;
  readonly client: { readonly id: string; readonly secret: string } | null;
}

/** A platform's addresses before configuration: see `platformEndpoints`. */
export interface EndpointDefaults {
  /** Null where the user names the server. */
  readonly api: string | null;
  readonly authorize: string | null;
  /** See `PlatformEndpoints`. In the sandbox the account's own server stands in for it. */
  readonly upload?: string;
  /** Paths below the sandbox's origin that stand in for them; null where the user names a sandbox server too. */
  readonly sandbox: { readonly apiPath: string | null; readonly authorizePath: string | null };
}
