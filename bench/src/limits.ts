import { openProduct } from './open-product.ts';
import { print, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';
import { startBeside } from './start-beside.ts';
import { untilPublished } from './vibetribe.ts';

/** Posts of one account over a limit of 20 in 5 s, due within ten seconds: how many requests they cost, and how long their timelines are. */
export async function limits(
  servers: Servers,
  { concurrency, limitedPosts, limitedBackends }: Settings,
): Promise<void> {
  for (const backend of limitedBackends) {
    print(`\n## ${limitedPosts} posts of one account over a limit of 20 in 5 s, ${backend}`);
    await using target = await startBeside(new URL('limited-target.ts', import.meta.url));
    await using product = await openProduct({ ...servers, target: target.origin }, backend, concurrency);
    const organization = await product.addOrganization(1);
    const startsAtMs = Date.now() + 2_000;
    const dueAtMs = Array.from({ length: limitedPosts }, (_, index) => startsAtMs + (index % 10) * 1_000);
    await product.schedule(organization, dueAtMs);
    await untilPublished(product.pool, limitedPosts);
    const answer = (await (await fetch(target.origin)).json()) as { requests: number; accepted: number };
    const { rows } = await product.pool.query<{ events: number }>(
      'select count(*)::int as events from events group by publication_id order by 1 desc limit 1',
    );
    print(
      `${answer.requests} requests, ${answer.accepted} accepted, in ${Math.round((Date.now() - startsAtMs) / 1000)} s`,
    );
    verdict('requests for each post', answer.requests / limitedPosts, { atMost: 1.2 });
    verdict('entries of the longest timeline', rows[0]?.events ?? 0, { atMost: 12 }, 0);
  }
}
