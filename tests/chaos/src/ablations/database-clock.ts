import { waitFor } from '@vibetribe/testkit/wait-for';
import { findFaketimeLibrary, skewedClock } from '../find-faketime-library.ts';
import { type Ablation, ablationPlatform, endTimeoutMs } from './ablation.ts';

const dueInMs = 25_000;

/** A publisher whose clock is 90 s fast gets the job that one with a true clock has put into the queue for later. */
export const databaseClock: Ablation = {
  protection: 'database_clock',
  companions: [],
  caughtAs: 'early',
  async run(lab, without) {
    const library = await findFaketimeLibrary();
    if (library === null) throw new Error("This test needs libfaketime: install Debian's package of that name.");
    const dispatcher = await lab.startPublisher({ without });
    const post = await lab.schedule(ablationPlatform, { dueInMs });
    await waitFor(
      async () =>
        (
          await lab.sql('select 1 from publications where post_id = $1 and enqueued_until is not null', [
            post.create.postId,
          ])
        ).length > 0,
      {
        timeoutMs: endTimeoutMs,
        describe: 'the job is in the queue',
      },
    );
    await dispatcher[Symbol.asyncDispose]();
    await using fast = await lab.startPublisher({ without, env: skewedClock(library, 90) });
    await lab.ended(post, endTimeoutMs);
    fast.kill('SIGTERM');
    await fast.stopped;
    return post;
  },
};
