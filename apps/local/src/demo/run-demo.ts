import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '@vibetribe/contracts/account';
import { type CreatePost, Post, type Publication } from '@vibetribe/contracts/post';
import { TimelineItem } from '@vibetribe/contracts/timeline';
import type { Clock } from '@vibetribe/resilience/clock';
import { z } from 'zod';
import { callJson } from './call-json.ts';
import { connectDemoAccounts, type DemoTarget } from './connect-demo-accounts.ts';
import { DemoFault } from './demo-fault.ts';

const leadMs = 4_000;
const pollMs = 250;
const patienceMs = 60_000;
const Timeline = z.object({ items: z.array(TimelineItem) });
const underWay: readonly Post['status'][] = ['draft', 'scheduled', 'publishing'];

/**
 * Shows the product's main job through its public API: a post a few seconds ahead for an account of each demo platform,
 * and its timeline as it grows until the post has reached an end.
 * @throws DemoFault, or what `fetch` throws when the API cannot be reached
 */
export async function runDemo(
  target: DemoTarget,
  edge: { clock: Pick<Clock, 'now'>; print: (line: string) => void },
): Promise<void> {
  const accounts = await connectDemoAccounts(target);
  const body = demoPost(accounts, edge.clock.now());
  const url = `${target.api}/api/v1/posts`;
  const created = await callJson(Post, { method: 'POST', url, bearer: target.apiKey, body, signal: target.signal });
  const names = new Map(created.publications.map((publication) => [publication.id, nameOf(publication, accounts)]));
  edge.print(`Demo post ${created.id}, due ${String(created.scheduledAt)}, for ${[...names.values()].join(', ')}:`);

  const seen = new Set<string>();
  const deadline = AbortSignal.timeout(patienceMs);
  for (;;) {
    const post = await callJson(Post, { url: `${url}/${created.id}`, bearer: target.apiKey, signal: target.signal });
    for (const item of await unseen(`${url}/${created.id}/timeline`, target, seen)) {
      edge.print(
        `  ${item.at.slice(11, 23)}  ${(names.get(item.publicationId ?? '') ?? 'post').padEnd(24)}${item.message}`,
      );
    }
    if (!underWay.includes(post.status)) return finish(post, target, edge.print);
    if (deadline.aborted) throw new DemoFault(`the post is still "${post.status}" after ${patienceMs / 1000} s.`);
    await sleep(pollMs, undefined, { signal: target.signal });
  }
}

/** Texts differ from run to run and account to account: X refuses a text that it has seen. */
function demoPost(accounts: readonly Account[], now: Date): CreatePost {
  const run = now.getTime().toString(36);
  const variants = accounts.map((account) => [
    account.id,
    {
      content: `Hello ${account.platform}, from @${account.handle}: scheduled once, published once. (demo run ${run})`,
    },
  ]);
  return {
    content: `Hello from VibeTribe (demo run ${run})`,
    accountIds: accounts.map((account) => account.id),
    scheduledAt: new Date(now.getTime() + leadMs).toISOString(),
    variants: Object.fromEntries(variants),
  };
}

async function unseen(url: string, target: DemoTarget, seen: Set<string>): Promise<TimelineItem[]> {
  const { items } = await callJson(Timeline, { url, bearer: target.apiKey, signal: target.signal });
  const fresh = items.filter((item) => !seen.has(item.id));
  for (const item of fresh) seen.add(item.id);
  return fresh;
}

function finish(post: Post, target: DemoTarget, print: (line: string) => void): void {
  for (const publication of post.publications) {
    print(`  ${publication.platform}: ${publication.status} ${publication.url ?? publication.error?.message ?? ''}`);
  }
  if (post.status !== 'published') throw new DemoFault(`the post ended as "${post.status}".`);
  print(`The post is published; ${target.sandbox}/ shows it as followers see it.`);
}

function nameOf(publication: Publication, accounts: readonly Account[]): string {
  const account = accounts.find((candidate) => candidate.id === publication.accountId);
  return account === undefined ? publication.platform : `${publication.platform} @${account.handle}`;
}
