import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { LiveRequest } from './live-message.ts';
import { createLiveRequests } from './live-requests.ts';

const subscribe = (post: number): LiveRequest => ({
  type: 'subscribe-post-updates',
  data: { postId: `pst_${post}` },
});

/** A socket whose server takes so many messages, and as many more each time it is let go on. */
function openServer(requests: ReturnType<typeof createLiveRequests>) {
  const taken = new Set<string>();
  let left = 60;
  return {
    taken,
    letGoOn: () => void (left = 20),
    say: (text: string) => {
      const { ref, data } = JSON.parse(text) as { ref: string; data: { postId: string } };
      left -= 1;
      if (left >= 0) taken.add(data.postId);
      const refusal = { code: 'rate_limited', message: 'Slow down.' } as const;
      const answer = left >= 0 ? ({ type: 'ack', ref } as const) : ({ type: 'error', data: refusal, ref } as const);
      queueMicrotask(() => requests.answered(answer));
    },
  };
}

test('all subscriptions come again after an interruption, though the server takes only some at once', async () => {
  const requests = createLiveRequests({ restMs: 5 });
  const first = openServer(requests);
  requests.connected(first.say);
  const posts = Array.from({ length: 130 }, (_, post) => post);
  let answered = 0;
  for (const post of posts) void requests.ask(subscribe(post), first.say).then(() => (answered += 1));
  while (answered < posts.length) {
    await sleep(1);
    first.letGoOn();
  }
  requests.disconnected();

  const second = openServer(requests);
  requests.connected(second.say);
  while (second.taken.size < posts.length) {
    await sleep(1);
    second.letGoOn();
  }
  expect([first.taken.size, second.taken.size]).toEqual([130, 130]);
});

test('what was left meanwhile does not come again, and what is refused for good is told and forgotten', async () => {
  const requests = createLiveRequests({ restMs: 1 });
  const said: string[] = [];
  const answers = (text: string) => void said.push((JSON.parse(text) as { ref: string }).ref);
  requests.connected(answers);
  const gone = requests.ask(subscribe(1), answers);
  const kept = requests.ask(subscribe(2), answers);
  const left = requests.ask(subscribe(3), answers);
  requests.answered({ type: 'error', ref: 'r1', data: { code: 'not_found', message: 'There is no such post.' } });
  await expect(gone).rejects.toThrow('not_found');
  for (const ref of ['r2', 'r3']) requests.answered({ type: 'ack', ref });
  await Promise.all([kept, left]);
  requests.disconnected();
  await requests.ask({ type: 'unsubscribe-post-updates', data: { postId: 'pst_3' } }, null);
  said.length = 0;
  requests.connected(answers);
  expect(said).toEqual(['r2']);
});
