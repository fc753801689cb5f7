import { PlatformError } from '../port/platform-error.ts';

/** The window slides, so that a permit becomes free at some time within it; asked for again after this. */
const quotaPauseMs = 3_600_000;

interface Quota {
  readonly used: number;
  readonly total: number;
}

/** What may be posted in 24 hours is told by the platform; where it is not, the send will tell. */
export async function requireRoom(
  readQuota: () => Promise<Quota | null>,
  { whose, platformName, platformCode }: { whose: 'account' | 'profile'; platformName: string; platformCode: string },
): Promise<{ used: number; total: number } | null> {
  const quota = await readQuota().catch((error: unknown) => {
    if (error instanceof PlatformError && !error.kind.startsWith('auth_')) return null;
    throw error;
  });
  if (quota === null || quota.used < quota.total) return quota === null ? null : { ...quota };
  const message = `The ${whose} has posted ${quota.used} of the ${quota.total} times that ${platformName} allows in 24 hours`;
  throw new PlatformError('quota', message, { platformCode, retryAfterMs: quotaPauseMs });
}
