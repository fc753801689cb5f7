import { startTestApi, type TestApi } from '@vibetribe/api/test-api';
import { startTestSandbox, type TestSandbox } from '@vibetribe/sandbox/testing/test-sandbox';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createAnswerCheck, type AnswerCheck } from './check-answer.ts';
import { createFuzzHarness } from './fuzz-harness.ts';
import { operationsOf, type Document } from './operations.ts';
import { plannedRequest } from './planned-request.ts';

const isFull = process.env['TEST_FULL'] === '1';
/** The same requests with every `npm test`; a complete run draws its own, by the seed that is printed with it. */
const seed = Number(process.env['FUZZ_SEED'] ?? (isFull ? process.env['TEST_SEED'] : undefined) ?? 14);
const requests = Number(process.env['FUZZ_REQUESTS'] ?? (isFull ? 20_000 : 350));
/** Requests that meet the same two organizations. */
const requestsPerHarness = 350;

const opened = new AsyncDisposableStack();
let api: TestApi;
let sandbox: TestSandbox;
let document: Document;

beforeAll(async () => {
  sandbox = opened.use(await startTestSandbox());
  const env = {
    SANDBOX_URL: sandbox.running.url,
    SSRF_ALLOW: new URL(sandbox.running.url).host,
    API_RATE_LIMIT: '1000000',
    LOGIN_RATE_LIMIT: '1000000',
  };
  api = opened.use(await startTestApi(inject('postgresUrl'), { env }));
  document = (await api.call('GET', '/openapi.json')).json as unknown as Document;
});
afterAll(() => opened.disposeAsync());

test(
  `${requests} requests made from the OpenAPI document: none breaks it, each answer is as documented and shows nothing foreign`,
  { timeout: isFull ? 3_600_000 : 390_000 },
  async () => {
    const operations = operationsOf(document);
    const operatorKey = await api.adminKey();
    const planned = fc.sample(plannedRequest(operations, document.components.schemas), { seed, numRuns: requests });
    const faults = new Map<string, { times: number; first: string }>();
    const reached = new Map<number, number>();
    const taken = new Map(operations.map((operation) => [operation, 0]));
    let harness: Awaited<ReturnType<typeof createFuzzHarness>> | null = null;
    let check: AnswerCheck = () => [];
    let harnesses = 0;

    for (const [index, request] of planned.entries()) {
      if (harness === null || harness.isWorn() || index % requestsPerHarness === 0) {
        const made = await createFuzzHarness({ api, sandbox, operatorKey }, operations, `${seed}-${(harnesses += 1)}`);
        check = createAnswerCheck(document, made);
        harness = made;
      }
      const { answer, asked } = await harness.send(request);
      if (answer.status < 300) taken.set(request.operation, (taken.get(request.operation) ?? 0) + 1);
      reached.set(answer.status, (reached.get(answer.status) ?? 0) + 1);
      for (const fault of check({ ...request, text: asked }, answer)) {
        const kind = `${request.operation.method} ${request.operation.path} ${answer.status}: ${fault}`;
        const known = faults.get(kind);
        const first =
          known?.first ?? `request ${index} of seed ${seed}\n    ${asked}\n    ${answer.text.slice(0, 600)}`;
        faults.set(kind, { times: (known?.times ?? 0) + 1, first });
      }
    }
    const told = [...faults].map(([kind, { times, first }]) => `${times}x ${kind}\n    ${first}`);
    const statuses = [...reached].toSorted(([a], [b]) => a - b).map(([status, times]) => `${status}: ${times}`);
    const never = [...taken].filter(([, times]) => times === 0).map(([{ method, path }]) => `${method} ${path}`);
    if (isFull || process.env['FUZZ_REQUESTS'] !== undefined)
      console.log(
        `FUZZ_SEED=${seed} FUZZ_REQUESTS=${requests}, ${harnesses} harnesses; ${statuses.join(', ')}; never 2xx: ${never.join(', ')}`,
      );
    expect(told.join('\n'), `FUZZ_SEED=${seed} FUZZ_REQUESTS=${requests}`).toBe('');
  },
);
