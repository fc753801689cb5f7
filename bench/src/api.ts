import { fillOrganization } from '@vibetribe/db/testing/fill-organization';
import pg from 'pg';
import { Agent, request } from 'undici';
import { quantile } from './contenders.ts';
import { openApi, type OpenApi } from './open-api.ts';
import { median, print, spread } from './report.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';

const posts = 10_000;
const parallels = [1, 20];
/** Of a question and round, for each that is asked at once. */
const requestsEach = 50;

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: (number: number) => unknown;
}

/** What the API takes in a second, and how long an answer takes, for an organization with 10,000 posts. */
export async function api(servers: Servers, { rounds }: Settings): Promise<void> {
  print(`\n## API: one process, an organization with ${posts} posts, ${rounds} rounds in turns`);
  await using opening = new AsyncDisposableStack();
  const opened = opening.use(await openApi(servers));
  const pool = opening.adopt(new pg.Pool({ connectionString: opened.databaseUrl, max: 1 }), (own) => own.end());
  const { organizationId } = opened;
  const { accountId, oldestPostId } = await fillOrganization((text) => pool.query(text), { organizationId, posts });
  await pool.query('vacuum analyze');
  const agent = opening.adopt(new Agent({ allowH2: false, pipelining: 1 }), (own) => own.close());
  const questions: Record<string, Question> = {
    health: { method: 'GET', path: '/health' },
    'read a post': { method: 'GET', path: `/posts/${oldestPostId}` },
    'list posts': { method: 'GET', path: '/posts?limit=20' },
    'list what is scheduled': { method: 'GET', path: '/posts?limit=20&status=scheduled' },
    'scheduler statistics': { method: 'GET', path: '/posts/scheduler/stats' },
    'schedule a post': {
      method: 'POST',
      path: '/posts',
      body: (number) => ({ content: `Post ${number}`, accountIds: [accountId], scheduledAt: minute(number) }),
    },
  };
  let asked = 0;
  for (const parallel of parallels) {
    const measured = new Map(
      Object.keys(questions).map((name) => [name, { perSecond: [] as number[], ms: [] as number[] }]),
    );
    for (let round = -1; round < rounds; round += 1) {
      for (const [name, question] of Object.entries(questions)) {
        const startedAtMs = performance.now();
        const ms: number[] = [];
        const lane = async () => {
          for (let count = 0; count < requestsEach; count += 1)
            ms.push(await ask(agent, opened, question, (asked += 1)));
        };
        await Promise.all(Array.from({ length: parallel }, lane));
        if (round < 0) continue;
        measured.get(name)?.perSecond.push((ms.length * 1_000) / (performance.now() - startedAtMs));
        measured.get(name)?.ms.push(...ms);
      }
    }
    for (const [name, { perSecond, ms }] of measured) {
      const sorted = ms.toSorted((left, right) => left - right);
      print(
        `${`${name}, ${parallel} at once`.padEnd(40)} ${spread(perSecond)} a second, p50 / p99 ${median(ms).toFixed(1)} / ${quantile(sorted, 0.99).toFixed(1)} ms`,
      );
    }
  }
}

/** Long from now, each its own. */
function minute(number: number): string {
  return new Date(Date.UTC(2099, 0, 1) + number * 60_000).toISOString();
}

/** Milliseconds until the answer is read. @param number of the request, so that no two are the same */
async function ask(
  dispatcher: Agent,
  { url, accessToken }: OpenApi,
  { method, path, body }: Question,
  number: number,
): Promise<number> {
  const startedAtMs = performance.now();
  const answer = await request(`${url}${path}`, {
    dispatcher,
    method,
    headers: {
      authorization: `Bearer ${accessToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body(number)),
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 400) throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`);
  return performance.now() - startedAtMs;
}
