import type { SendIntent } from './begin-sends.ts';
import type { PlatformHealth } from './platform-health.ts';
import type { PublicationWork } from './publication-work.ts';
import type { PublishSettings } from './publish-settings.ts';
import type { PublishingMedia } from './publication-media.ts';
import type { Settlement } from './settle-publications.ts';
import type { Step } from './step.ts';

/** What a run of one publication needs beside the core: the batched writes and the shared view of the platforms' health. */
export interface EngineContext {
  readonly settings: PublishSettings;
  readonly health: PlatformHealth;
  readonly random: () => number;
  readonly uniqueNumber: () => number;
  readonly media: PublishingMedia;
  readonly beginSend: (intent: SendIntent) => Promise<boolean>;
  readonly settle: (
    work: PublicationWork,
    report: Settlement['report'],
    results?: Settlement['results'],
  ) => Promise<Step>;
}
