import type { Database } from '@vibetribe/db/connect-database';
import type { MediaLibrary } from '@vibetribe/media/media-library';
import type { MediaUrls } from '@vibetribe/media/serve/media-urls';
import type { Logger } from '@vibetribe/observability/logger';
import type { Clock } from '@vibetribe/resilience/clock';

/** What the verbs about media need. Each takes a `Pick` of it. */
export interface MediaDependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly media: MediaLibrary;
  readonly mediaUrls: MediaUrls;
  /** What an organization may keep unless its own row in `media_quotas` says otherwise. */
  readonly mediaQuotaBytes: number;
}
