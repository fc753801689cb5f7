import type { CardReader } from '../cards/card-reader.ts';
import type { LastPosts } from './send/last-posts.ts';
import type { SendIntent } from './send/begin-sends.ts';
import type { PlatformHealth } from './platform-health.ts';
import type { PublicationWork } from './claim/publication-work.ts';
import type { PublishSettings } from './publish-settings.ts';
import type { PublishingMedia } from './send/publication-media.ts';
import type { OutcomeRecord } from './record/outcome-record.ts';
import type { Stopwatch } from './stopwatch.ts';
import type { Transition } from './state/transition.ts';

/** What a run of one publication needs beside the core: the batched writes and the shared view of the platforms' health. */
export interface EngineContext {
  readonly stopwatch: Stopwatch;
  readonly settings: PublishSettings;
  readonly health: PlatformHealth;
  readonly random: () => number;
  readonly media: PublishingMedia;
  /** Null: no page is read. */
  readonly cards: Pick<CardReader, 'read'> | null;
  readonly lastPosts: LastPosts;
  readonly beginSend: (intent: SendIntent) => Promise<Date | null>;
  readonly record: (
    work: PublicationWork,
    report: OutcomeRecord['report'],
    results?: OutcomeRecord['results'],
  ) => Promise<Transition>;
  /** See `HistoryGuard.lost`. */
  readonly historyLost: (what: string) => Promise<never>;
}
