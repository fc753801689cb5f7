import { platformIds } from '@vibetribe/contracts/platform-id';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { accessOf } from '../connect/account-access.ts';
import { PlatformError } from '../port/platform-error.ts';
import { adapters } from '../registry.ts';
import {
  type ConformanceStage,
  type Connected,
  openConformanceStage,
  type Publication,
} from '../testing/test-conformance.ts';
import { fittingPicture, testVideo } from '../testing/test-media.ts';
import { startPublication } from '../testing/test-platform.ts';

/** Everything that can happen to one request. Complete in the full run; otherwise one of them, drawn by the seed that the run prints. */
const kinds = [
  'http-500',
  'http-503',
  'reset-before',
  'reset-after',
  'error-after',
  'garbage',
  'rate-limit',
  'token-expired',
  'timeout',
  'timeout-after',
] as const;
const isFull = process.env['TEST_FULL'] === '1';
const drawn = Number(process.env['TEST_SEED'] ?? 1) % kinds.length;
const tried = isFull ? kinds : kinds.slice(drawn, drawn + 1);

let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
  for (const platform of platformIds)
    await stage.sandbox.control('PUT', '/_sandbox/limits', { platform, scale: 1_000 });
});
afterAll(() => stage[Symbol.asyncDispose]());

describe.each(platformIds)('%s', (platform) => {
  const adapter = adapters[platform];
  const on = () => stage.on(platform);
  afterEach(() => stage.sandbox.control('DELETE', '/_sandbox/faults'));

  const start = ({ account, credentials }: Connected, text: string) => {
    const { countMax, image, imagesMax, videosMin = 0 } = adapter.rules.media;
    const isFilm = image === null || videosMin > 0;
    const count = Math.min(2, countMax, isFilm ? 1 : imagesMax);
    const media = Array.from({ length: count }, () =>
      stage.media.serve(isFilm ? testVideo(200_000) : fittingPicture(adapter.rules.media)),
    );
    const { endpoints, client } = on();
    const content = { text, options: {}, media };
    const access = accessOf(credentials, account);
    return startPublication({ adapter, endpoints, client, account, ...access, content, timeoutMs: 1_000 });
  };

  test.each(tried)(
    '%s at any of its requests: one post in the end, and nothing is repeated blindly',
    { timeout: 120_000 },
    async (kind) => {
      const connected = await on().connectByHand();
      let posts = 0;
      for (let skip = 0; ; skip += 1) {
        const publication = start(connected, `${kind} at request ${skip}`);
        await stage.sandbox.control('POST', '/_sandbox/faults', { platform, kind, skip, times: 1 });
        const platformPostId = await bringOut(publication);
        const { items } = Faults.parse(await stage.sandbox.control('GET', '/_sandbox/faults'));
        await stage.sandbox.control('DELETE', '/_sandbox/faults');
        posts += 1;
        const visible = await on().visible(connected);
        expect([skip, visible.commits]).toEqual([skip, posts]);
        expect(visible.items.map(({ id }) => id)).toContain(platformPostId);
        if (items[0]?.fired !== 1) break;
      }
      expect(posts).toBeGreaterThan(1);
    },
  );
});

const Faults = z.object({ items: z.array(z.looseObject({ fired: z.int() })) });

const roundsMax = 100;

/** As the engine does: what is in doubt is looked for before it is sent again. */
async function bringOut(publication: Publication): Promise<string> {
  const roundMs = 1_000;
  const later = () => stage.sandbox.control('POST', '/_sandbox/clock', { advanceMs: roundMs });
  let isInDoubt = false;
  for (let round = 0; round < roundsMax; round += 1) {
    try {
      if (isInDoubt) {
        const finding = await publication.reconcile();
        if (finding.kind === 'found') return finding.platformPostId;
        isInDoubt = finding.kind !== 'not_seen';
      } else {
        const fate = await publication.publish({ now: new Date(Date.now() + round * roundMs) });
        if (fate.kind === 'published') return fate.platformPostId;
        if (fate.kind === 'turned_down') throw fate.error;
      }
    } catch (error) {
      if (!(error instanceof PlatformError) || error.kind === 'content') throw error;
      isInDoubt ||= error.kind === 'ambiguous' || error.kind === 'duplicate';
    }
    await later();
  }
  throw new Error('it never came out');
}
