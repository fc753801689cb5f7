import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Media } from '@vibetribe/contracts/media';
import { afterAll, beforeAll, beforeEach, expect, inject } from 'vitest';
import { startTestApi, type TestApi } from '../../test-api.ts';

export let api: TestApi;
let dataDir: string;
export let token: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vt-api-media-'));
  api = await startTestApi(inject('postgresUrl'), { env: { DATA_DIR: dataDir } });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});
beforeEach(async () => {
  token = (await api.register()).accessToken;
});

export const origin = () => api.replicas[0]?.url ?? '';

export async function filesIn(name: string): Promise<string[]> {
  const entries = await readdir(join(dataDir, 'media', name), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

export type Part = readonly [field: string, content: Buffer | string, name?: string, type?: string];

export async function send(path: string, parts: readonly Part[], headers: Record<string, string> = {}) {
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
  return { status: answer.status, headers: answer.headers, json: (await answer.json()) as Record<string, unknown> };
}

export async function upload(file: Buffer, name = 'a.jpg') {
  const { status, json } = await send('upload', [['file', file, name]]);
  expect(status).toBe(201);
  return Media.parse(json);
}
