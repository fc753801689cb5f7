import { addAccount } from '@vibetribe/db/testing/test-rows';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startTestApi } from '../test-api.ts';

test('what an organization has written within an hour has a size; what was refused does not count, nor what others wrote', async () => {
  const api = await startTestApi(inject('postgresUrl'), { env: { API_BYTES_PER_HOUR: '1000000' } });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const [one, other] = [await api.register(), await api.register()];
  const write = async ({ accessToken, organization }: typeof one, characters: number) => {
    const { accountId } = await addAccount(api.sql, { organizationId: organization.id });
    const body = { content: 'x'.repeat(characters), accountIds: [accountId], draft: true };
    return (await api.call('POST', '/api/v1/posts', { token: accessToken, body })).status;
  };
  for (let count = 0; count < 12; count += 1) expect(await write(one, 100_001)).toBe(422);
  let taken = 0;
  await expect
    .poll(
      async () => {
        const status = await write(one, 99_000);
        taken += status === 201 ? 1 : 0;
        return status;
      },
      { timeout: 20_000 },
    )
    .toBe(429);
  expect(taken).toBeGreaterThan(9);
  expect(taken).toBeLessThan(20);
  expect((await api.call('GET', '/api/v1/posts', { token: one.accessToken })).status).toBe(200);
  expect(await write(other, 99_000)).toBe(201);
});
