import { platformIds } from '@vibetribe/contracts/platform-id';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { platformEndpoints } from '../endpoints.ts';
import { adapters } from '../registry.ts';
import { openTestClient } from '../testing/test-platform.ts';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox(process.execPath);
});
afterAll(() => sandbox[Symbol.asyncDispose]());

/** @param env settings beside those that the sandbox stands for */
async function check(platform: (typeof platformIds)[number], env: Record<string, string> = {}) {
  await using client = openTestClient(platform);
  const endpoints = platformEndpoints(platform, { sandboxUrl: sandbox.url, env });
  const redirectUri = 'https://me.example/callback';
  const checks = await adapters[platform].doctor?.check?.({
    endpoints,
    http: client.http(),
    redirectUri,
    now: new Date(),
  });
  return checks ?? [];
}

test.each(platformIds)('%s finds nothing to complain of where all is as it should be', async (platform) => {
  const checks = await check(platform);
  expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
  expect(await sandbox.control('GET', '/_sandbox/stats')).toMatchObject({ unknownRoutes: [] });
});

test.each(['x', 'facebook'] as const)('%s says where it does not know the application', async (platform) => {
  const prefix = platform.toUpperCase();
  const wrong = { [`${prefix}_CLIENT_ID`]: 'somebody', [`${prefix}_CLIENT_SECRET`]: 'else' };
  expect(await check(platform)).toContainEqual(expect.objectContaining({ status: 'ok' }));
  expect(await check(platform, wrong)).toContainEqual(
    expect.objectContaining({ status: 'failed', action: expect.stringContaining(`${prefix}_CLIENT_ID`) }),
  );
});
