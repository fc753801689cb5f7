import type { PlatformHttp } from './platform-http.ts';
import type { PlatformEndpoints } from './endpoints.ts';

/** What an installation needs before a platform can be used, told to its admins. */
export interface DoctorDescription {
  /** Where the application is made and its credentials stand; null where nobody makes one by hand. */
  readonly consoleUrl: string | null;
  /** `review`: what the platform demands before people outside the application's own team may grant it. */
  readonly scopes: readonly {
    readonly name: string;
    readonly purpose: string;
    readonly review: 'none' | 'review' | 'partner';
  }[];
  /** Versions of `endpoints.version` that are known to end, with the day (`2027-01-21`) after which they are refused. */
  readonly versionEnds?: Readonly<Record<string, string>>;
  /** What the platform itself says of the application, as far as that can be asked without a user. */
  check?(request: {
    readonly endpoints: PlatformEndpoints;
    readonly http: PlatformHttp;
    readonly redirectUri: string;
    readonly now: Date;
  }): Promise<readonly DoctorCheck[]>;
}

export interface DoctorCheck {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed' | 'unknown';
  readonly detail: string;
  /** What to do about it; there is one for all that is not `ok`. */
  readonly action?: string;
}
