import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '@vibetribe/contracts/account';
import { type CreatePost, Post } from '@vibetribe/contracts/post';
import { TimelineItem } from '@vibetribe/contracts/timeline';
import type { Clock } from '@vibetribe/resilience/clock';
import { z } from 'zod';
import { callJson } from './call-json.ts';
import { connectDemoAccounts, type DemoAccount, type DemoTarget } from './connect-demo-accounts.ts';
import { DemoError } from './demo-error.ts';
import { uploadDemoMedia } from './upload-demo-media.ts';

const leadMs = 4_000;
const pollMs = 250;
const patienceMs = 60_000;
const Timeline = z.object({ items: z.array(TimelineItem) });
const SandboxPosts = z.object({ items: z.array(z.object({ id: z.string(), url: z.string() })) });
const underWay: readonly Post['status'][] = ['draft', 'scheduled', 'publishing'];

/**
 * Shows the product's main job through its public API. It schedules a post a few seconds ahead for an account of each demo platform, and
 * prints the timeline until the post has reached an end.
 * @throws DemoError, or what `fetch` throws when the API cannot be reached
 */
export async function runDemo(
  target: DemoTarget,
  edge: { clock: Pick<Clock, 'now'>; print: (line: string) => void },
): Promise<void> {
  const connected = await connectDemoAccounts(target);
  const accounts = connected.map(({ account }) => account);
  const media = new Map<DemoAccount['needs'], string>();
  for (const kind of ['picture', 'film'] as const) {
    if (connected.some(({ needs }) => needs === kind)) media.set(kind, await uploadDemoMedia(target, kind));
  }
  const body = demoPost(connected, media, edge.clock.now());
  const url = `${target.api}/api/v1/posts`;
  const created = await callJson(Post, { method: 'POST', url, bearer: target.apiKey, body, signal: target.signal });
  const platformOf = new Map(created.publications.map(({ id, platform }) => [id, platform]));
  edge.print(`Demo post ${created.id} for ${accounts.map(nameOf).join(', ')}; its timeline:`);

  const seen = new Set<string>();
  const deadline = AbortSignal.timeout(patienceMs);
  for (;;) {
    const post = await callJson(Post, { url: `${url}/${created.id}`, bearer: target.apiKey, signal: target.signal });
    for (const { at, publicationId, message } of await unseen(`${url}/${created.id}/timeline`, target, seen)) {
      const subject = platformOf.get(publicationId ?? '') ?? 'post';
      edge.print(`  ${at.slice(11, 23)}  ${subject.padEnd(16)}${message}`);
    }
    if (!underWay.includes(post.status)) return finish(post, target, edge.print);
    if (deadline.aborted) throw new DemoError(`the post is still "${post.status}" after ${patienceMs / 1000} s.`);
    await sleep(pollMs, undefined, { signal: target.signal });
  }
}

/** Texts differ from run to run and account to account: X refuses a text that it has seen. */
function demoPost(
  accounts: readonly DemoAccount[],
  media: ReadonlyMap<DemoAccount['needs'], string>,
  now: Date,
): CreatePost {
  const run = now.getTime().toString(36);
  const variants = accounts.map(({ account: { id, platform }, needs }) => {
    const mediaId = media.get(needs);
    const content = `Hello ${platform}: scheduled once, published once. (demo run ${run})`;
    return [id, { content, ...(mediaId === undefined ? {} : { mediaIds: [mediaId] }) }];
  });
  return {
    content: `Hello from VibeTribe (demo run ${run})`,
    accountIds: accounts.map(({ account }) => account.id),
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

async function finish(post: Post, target: DemoTarget, print: (line: string) => void): Promise<void> {
  if (post.status !== 'published') {
    const reasons = post.publications.map(
      ({ platform, status, error }) => `${platform} ${status} ${error?.message ?? ''}`,
    );
    throw new DemoError(`the post ended as "${post.status}": ${reasons.join('; ')}`);
  }
  print(`Published, each once. As followers see it (all of it: ${target.sandbox}/):`);
  const visible = await callJson(SandboxPosts, {
    url: `${target.sandbox}/_sandbox/posts?limit=50`,
    signal: target.signal,
  });
  for (const { platform, platformPostId } of post.publications) {
    const shown = visible.items.find((item) => item.id === platformPostId);
    print(`  ${platform.padEnd(16)}${shown?.url ?? 'not on the first page'}`);
  }
}

function nameOf(account: Account): string {
  return `${account.platform} ${account.handle}`;
}
