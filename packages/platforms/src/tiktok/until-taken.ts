import { PlatformError, type PlatformErrorKind } from '../port/platform-error.ts';
import type { PublishFate, PublishRun } from '../port/publish.ts';
import { followPublish, type SentPublish } from './status.ts';

/**
 * Of TikTok's own making, and nothing is visible: the next request may do.
 * https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status, read 2026-11.
 */
const passing: ReadonlySet<string> = new Set(['photo_pull_failed', 'video_pull_failed', 'internal']);

const sendsMax = 3;
const pauseMs = 60_000;

/** What TikTok had taken and could not post is sent anew, once it has said so itself: a few times, each after a longer pause. */
export async function publishUntilTaken(
  run: PublishRun,
  send: (names: SendNames) => Promise<SentPublish>,
): Promise<PublishFate> {
  for (let number = 1; ; number += 1) {
    const prefix = number === 1 ? '' : `again ${number - 1}, `;
    const failed = `${prefix}publish: failed`;
    if (!run.hasResult(failed)) {
      const sent = await refusedForGood(number, () => send({ publish: `${prefix}publish`, prefix }));
      if (sent instanceof PlatformError) return { kind: 'turned_down', error: sent };
      const fate = await followPublish(run, sent);
      const isOver = fate.kind !== 'turned_down' || !passing.has(fate.error.platformCode) || number === sendsMax;
      if (isOver) return fate;
    }
    const failedAt = await run.step({ name: failed, effect: 'read', run: async () => run.now.toISOString() });
    const waitMs = Date.parse(failedAt) + number * pauseMs - run.now.getTime();
    const detail = 'TikTok could not fetch or post it; it is asked again';
    if (waitMs > 0) return { kind: 'processing', pollAfterMs: waitMs, detail };
  }
}

export interface SendNames {
  /** Of the step that makes it visible. */
  readonly publish: string;
  /** Of every other step's name. */
  readonly prefix: string;
}

const definite: ReadonlySet<PlatformErrorKind> = new Set(['content', 'policy', 'permission', 'not_found']);

/** A later send that is refused: those before it made nothing visible either, so that all of it is. */
async function refusedForGood(number: number, send: () => Promise<SentPublish>): Promise<SentPublish | PlatformError> {
  try {
    return await send();
  } catch (error) {
    const isRefusal = error instanceof PlatformError && error.accountGone === null && definite.has(error.kind);
    if (number === 1 || !isRefusal) throw error;
    return error;
  }
}
