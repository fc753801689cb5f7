import { setMediaQuota } from '@vibetribe/db/testing/test-rows';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MediaUploads } from '@vibetribe/contracts/media';
import { jpeg } from '@vibetribe/media/fixtures/test-images';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../../test-api.ts';

let api: TestApi;
let dataDir: string;
let token: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vt-api-media-'));
  api = await startTestApi(inject('postgresUrl'), { env: { DATA_DIR: dataDir } });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});

const origin = () => api.replicas[0]?.url ?? '';

async function filesIn(name: string): Promise<string[]> {
  const entries = await readdir(join(dataDir, 'media', name), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

type Part = readonly [field: string, content: Buffer | string, name?: string, type?: string];

async function send(path: string, parts: readonly Part[], headers: Record<string, string> = {}) {
  const form = new FormData();
  for (const [field, content, name = 'file', type = ''] of parts) {
    if (typeof content === 'string') form.append(field, content);
    else form.append(field, new Blob([new Uint8Array(content)], { type }), name);
  }
  const answer = await fetch(`${origin()}/api/v1/media/${path}`, {
    method: 'POST',
    body: form,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

describe('the disk', () => {
  const incomingBytes = async () => {
    const names = await filesIn('incoming');
    const sizes = names.map(
      async (name) => (await stat(join(dataDir, 'media/incoming', name)).catch(() => null))?.size ?? 0,
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  };

  test('uploads that never end hold no more of it than the quota allows', { timeout: 60_000 }, async () => {
    const { organization, accessToken } = await api.register();
    await setMediaQuota(api.sql, { organizationId: organization.id, bytesMax: 3_000 });
    const body = Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'),
      Buffer.from('\0\0\0\u0018ftypisom\0\0\0\0isommp42', 'latin1'),
      Buffer.alloc(20_000_000, 1),
    ]);
    const requests = Array.from({ length: 6 }, () => {
      const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'multipart/form-data; boundary=x' };
      const sending = request(`${origin()}/api/v1/media/upload`, { method: 'POST', headers });
      sending.on('error', () => undefined);
      return { sending, isTaken: new Promise<void>((resolve) => sending.write(body, () => resolve())) };
    });
    let mostBytes = 0;
    let isSent = false;
    void Promise.all(requests.map(({ isTaken }) => isTaken)).then(() => (isSent = true));
    await waitFor(
      async () => {
        mostBytes = Math.max(mostBytes, await incomingBytes());
        return isSent;
      },
      { describe: 'all of it to be read', timeoutMs: 30_000 },
    );
    for (const { sending } of requests) sending.destroy();
    expect(mostBytes).toBeLessThanOrEqual(3000);
  });

  test('a file that needs more than is left is 422, and does not hinder a smaller one beside it', async () => {
    const { organization, accessToken } = await api.register();
    token = accessToken;
    const [large, small] = [await jpeg(1600, 1200), await jpeg(60, 40)];
    await setMediaQuota(api.sql, { organizationId: organization.id, bytesMax: small.length + 10 });
    const answer = await send('upload-multiple', [
      ['files', large, 'large.jpg'],
      ['files', small, 'small.jpg'],
    ]);
    expect(answer.status).toBe(207);
    expect(MediaUploads.parse(answer.json).results).toMatchObject([
      { status: 422, problem: { code: 'quota_exceeded' } },
      { status: 201 },
    ]);
    expect(await send('upload', [['file', large, 'large.jpg']])).toMatchObject({
      status: 422,
      json: { code: 'quota_exceeded' },
    });
    expect(await filesIn('incoming')).toEqual([]);
  });

  test('what a request took of it is given back when its answer is one that was remembered', async () => {
    const { organization, accessToken } = await api.register();
    token = accessToken;
    const file = await jpeg(60, 40);
    const held = () => api.sql('select 1 from media_transfers where organization_id = $1', [organization.id]);
    const again = async () => (await send('upload', [['file', file, 'a.jpg']], { 'idempotency-key': 'once' })).status;
    expect([await again(), await again()]).toEqual([201, 201]);
    await waitFor(async () => (await held()).length === 0, {
      describe: 'the room to be given back',
    });
    expect(api.logged()).not.toContain('given back only when it is too old');
  });

  test('without room on it no file is taken, and health tells it and is ill', async () => {
    const env = { DATA_DIR: dataDir, DISK_RESERVE_BYTES: String(Number.MAX_SAFE_INTEGER) };
    await using full = await startTestApi(inject('postgresUrl'), { env });
    const { accessToken } = await full.register();
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(await jpeg())]), 'a.jpg');
    const url = full.replicas[0]?.url ?? '';
    const headers = { authorization: `Bearer ${accessToken}` };
    const refused = await fetch(`${url}/api/v1/media/upload`, { method: 'POST', body: form, headers });
    expect([refused.status, await refused.json()]).toMatchObject([507, { code: 'storage_full' }]);
    expect((await fetch(`${url}/api/v1/health`)).status).toBe(503);
    expect((await full.call('GET', '/api/v1/health/detailed')).json).toMatchObject({
      dependencies: { disk: { ok: false, freeBytes: expect.any(Number), detail: expect.stringContaining('no files') } },
    });
  });
});
