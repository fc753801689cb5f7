/** How publishing behaves; every time in ms. */
export interface PublishSettings {
  readonly retryDelaysMs: readonly number[];
  /** The longest one request to a platform may take. */
  readonly publishTimeoutMs: number;
  /** How long a claim is held without a sign of life. Longer than `publishTimeoutMs`, so that a send ends before its lease. */
  readonly claimLeaseMs: number;
  /** Overrides every platform's own quiet period and spacing of reads; null: the platform's own. */
  readonly reconcileQuietMs: number | null;
  readonly breakerFailureThreshold: number;
  readonly breakerTimeoutMs: number;
  /** How far apart an account's late posts go out: by default, and where their author wants them spread. */
  readonly burstGuard: { readonly spacingMs: number; readonly spreadMs: number };
  /** So long a job goes on with the posts that follow in its account's line, ms; then another job does, in its own turn. */
  readonly lineTurnMs: number;
}
