import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
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
  const origin = await originOf(server);

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

test("hundreds of removals on a server that does not answer delay nobody else's posts", async () => {
  const silent = createServer((request) => void request.resume());
  const silentOrigin = await originOf(silent);
  const otherOrigin = await originOf(createServer(answerPost));
  const origins = [silentOrigin, otherOrigin];
  const publishing = await openTestPublisher(inject('postgresUrl'));
  onTestFinished(() => publishing[Symbol.asyncDispose]());
  const slow = await publishing.addAccount('mastodon', silentOrigin);
  const id = await publishing.addDue(slow);
  await publishing.sql(
    `update publications set status = 'published', due_at = null, platform_post_id = '7', removal = '{"status":"removing"}' where id = $1`,
    [id],
  );
  const [columns] = await publishing.sql<{ names: string }>(
    `select string_agg(quote_ident(column_name), ', ') as names from information_schema.columns
     where table_name = 'publications' and table_schema = 'public' and column_name not in ('id', 'post_id', 'platform_post_id') and is_generated = 'NEVER'`,
  );
  const of = 'generate_series(1, 300) n where p.id = $1';
  await publishing.sql(
    `insert into posts (id, organization_id, content) select po.id || n, po.organization_id, 'Hello' from publications p join posts po on po.id = p.post_id, ${of}`,
    [id],
  );
  await publishing.sql(
    `insert into publications (id, post_id, platform_post_id, ${columns?.names}) select p.id || n, p.post_id || n, (1000 + n)::text, ${columns?.names} from publications p, ${of}`,
    [id],
  );
  await publishing.sql(
    `insert into publication_changes (id, organization_id, publication_id, kind)
     select 'chg_' || n, organization_id, p.id || n, 'remove' from publications p, ${of}`,
    [id],
  );
  await publishing.start({
    SSRF_ALLOW: origins.map((origin) => new URL(origin).host).join(),
    PUBLISH_CONCURRENCY: '8',
  });
  const taken = () => publishing.sql('select 1 from publication_changes where lease_until is not null');
  await waitFor(async () => (await taken()).length >= 4, { describe: 'posts are being removed', timeoutMs: 30_000 });
  const fast = await publishing.addAccount('mastodon', otherOrigin);
  const posts = [1, 2, 3].map((seconds) => publishing.addDue(fast, seconds));
  await Promise.all(posts);
  const out = () =>
    publishing.sql(`select 1 from publications where account_id = $1 and status = 'published'`, [fast.accountId]);
  await waitFor(async () => (await out()).length === posts.length, {
    describe: "the others' posts are out",
    timeoutMs: 30_000,
  });
  silent.close();
  silent.closeAllConnections();
}, 90_000);

async function originOf(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Each under the id that it was sent with. */
function answerPost(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const id = String(request.headers['idempotency-key']);
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id, url: null }));
}
