import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId } from '@vibetribe/db/new-id';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openTestPublisher } from './test-publisher.ts';

test('a publisher takes a published post off its platform, by the queue', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;

  const publishing = await openTestPublisher(inject('postgresUrl'));
  onTestFinished(() => publishing[Symbol.asyncDispose]());
  const account = await publishing.addAccount('mastodon', origin);
  const id = await publishing.addDue(account);
  await publishing.sql(
    `update publications set status = 'published', due_at = null, platform_post_id = '7', removal = '{"status":"removing"}' where id = $1`,
    [id],
  );
  await publishing.sql(
    `insert into publication_changes (id, organization_id, publication_id, kind) values ($1, $2, $3, 'remove')`,
    [newId('change'), account.organizationId, id],
  );
  await publishing.start({ SANDBOX_URL: origin, SSRF_ALLOW: new URL(origin).host });

  const removal = async () =>
    (await publishing.sql<{ status: string }>(`select removal ->> 'status' as status from publications`))[0]?.status;
  await waitFor(async () => (await removal()) === 'removed', { describe: 'it is off', timeoutMs: 60_000 });
  expect(asked.filter((line) => line.startsWith('DELETE'))).toEqual(['DELETE /api/v1/statuses/7']);
  expect(await publishing.sql('select 1 from publication_changes')).toEqual([]);
}, 90_000);
