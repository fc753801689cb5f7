import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAccount } from '@vibetribe/db/testing/test-rows';
import { jpeg } from '@vibetribe/media/fixtures/test-images';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startTestApi } from '../test-api.ts';

test('what an organization has written within an hour has a size; what was refused does not count, nor what others wrote', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'vt-written-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const api = await startTestApi(inject('postgresUrl'), { env: { API_BYTES_PER_HOUR: '1000000', DATA_DIR: dataDir } });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const [one, other, third] = [await api.register(), await api.register(), await api.register()];
  const write = async ({ accessToken, organization }: typeof one, characters: number, type = 'application/json') => {
    const { accountId } = await addAccount(api.sql, { organizationId: organization.id });
    const body = { content: 'x'.repeat(characters), accountIds: [accountId], draft: true };
    const headers = { 'content-type': type };
    return await api.call('POST', '/api/v1/posts', { token: accessToken, body, headers });
  };
  /** How often it was taken until the organization had written enough. */
  const untilFull = async (send: () => Promise<{ readonly status: number }>) => {
    let taken = 0;
    const next = async () => {
      const { status } = await send();
      taken += status === 201 ? 1 : 0;
      return status;
    };
    await expect.poll(next, { timeout: 20_000 }).toBe(429);
    return taken;
  };
  for (let count = 0; count < 12; count += 1) expect((await write(one, 100_001)).status).toBe(422);
  const taken = await untilFull(() => write(one, 99_000, 'application/JSON'));
  expect(taken).toBeGreaterThan(9);
  expect(taken).toBeLessThan(20);
  expect((await api.call('GET', '/api/v1/posts', { token: one.accessToken })).status).toBe(200);
  const { status, json } = await write(other, 99_000);
  expect(status).toBe(201);
  // A copy is as large as what it was made of.
  const path = `/api/v1/posts/${String(json['id'])}/duplicate`;
  expect(await untilFull(() => api.call('POST', path, { token: other.accessToken }))).toBeLessThan(20);
  // So do the words that come with files.
  for (let count = 0; count < 9; count += 1) expect((await write(third, 99_000)).status).toBe(201);
  expect((await write(third, 88_000)).status).toBe(201);
  const form = new FormData();
  for (const file of [await jpeg(), await jpeg()]) {
    form.append('alt', 'x'.repeat(5_000));
    form.append('files', new Blob([new Uint8Array(file)]), 'a.jpg');
  }
  const headers = { authorization: `Bearer ${third.accessToken}` };
  const uploads = `${api.replicas[0]?.url ?? ''}/api/v1/media/upload-multiple`;
  expect((await fetch(uploads, { method: 'POST', body: form, headers })).status).toBe(201);
  expect(await untilFull(() => write(third, 1))).toBeLessThan(5);
});
