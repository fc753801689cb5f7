import { platformIds } from '@vibetribe/contracts/platform-id';
import { hostileAnswers, secretFor, startHostileServer } from '@vibetribe/testkit/hostile-server';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openTestPublisher } from './test-publisher.ts';

const withOwnServers = new Set(['mastodon', 'bluesky']);

test(
  'whatever a server answers to a send and to what is asked afterwards, the publisher works on and keeps only what can be kept',
  {
    timeout: 240_000,
  },
  async () => {
    const server = await startHostileServer();
    onTestFinished(() => server[Symbol.asyncDispose]());
    const publishing = await openTestPublisher(inject('postgresUrl'));
    onTestFinished(() => publishing[Symbol.asyncDispose]());
    const answers = hostileAnswers.filter(
      ({ kind, status = 400 }) => ['ids', 'addresses', 'refusals', 'whole'].includes(kind) && status === 400,
    );
    for (const answer of answers)
      for (const platform of platformIds) {
        const service = withOwnServers.has(platform) ? server.origin : '';
        await publishing.addDue(await publishing.addAccount(platform, service, secretFor(answer)));
      }
    const { url } = await publishing.start({
      SANDBOX_URL: server.origin,
      SSRF_ALLOW: new URL(server.origin).host,
      RECONCILE_QUIET_MS: '50',
      CIRCUIT_BREAKER_FAILURE_THRESHOLD: '10000',
      PUBLISH_CONCURRENCY: '64',
    });
    const left = () =>
      publishing.sql(
        `select 1 from publications where status in ('scheduled', 'publishing') or waiting_reason = 'reconciling' and absent_reads = 0 and reconcile_tries = 0`,
      );
    await waitFor(async () => (await left()).length === 0, {
      describe: 'every send is over, and what became of it was asked once',
      timeoutMs: 150_000,
    });

    const kept = await publishing.sql<{
      status: string;
      platform_post_id: string | null;
      url: string | null;
      error: unknown;
    }>('select status, platform_post_id, url, error from publications');
    expect(kept).toHaveLength(answers.length * platformIds.length);
    for (const { platform_post_id: postId, url: address, error } of kept) {
      expect(postId ?? 'none').toMatch(/^[\x21-\x7e]{1,500}$/);
      expect(address ?? 'https://none').toMatch(/^https?:\/\/.{1,2000}$/);
      expect(JSON.stringify(error ?? '').length).toBeLessThan(5_000);
    }
    const [longest] = await publishing.sql<{ characters: number }>(
      'select max(length(message)) as characters from events',
    );
    expect(longest?.characters).toBeLessThan(2_000);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const faults = publishing
      .logged()
      .split('\n')
      .filter((line) =>
        /failed unexpectedly|a fault that nobody caught|a publish job failed.*publicationId/.test(line),
      );
    expect(faults.map((line) => line.slice(0, 1_500))).toEqual([]);
  },
);
