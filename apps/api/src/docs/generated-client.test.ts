import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTypescript, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { expect, inject, test } from 'vitest';
import { startTestApi } from '../test-api.ts';

const program = `
import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

const client = createClient<paths>({ baseUrl: 'http://127.0.0.1:3000' });
type Post = components['schemas']['Post'];

export async function schedule(accountIds: string[]): Promise<Post> {
  const { data, error } = await client.POST('/api/v1/posts', {
    params: { header: { 'Idempotency-Key': 'one' } },
    body: { content: 'Hello', accountIds, scheduledAt: '2030-01-01T09:00:00+01:00', misfire: { policy: 'skip' } },
  });
  if (error !== undefined) throw new Error(error.code);
  return data;
}

export async function firstStatus(): Promise<string | null> {
  const { data } = await client.GET('/api/v1/posts', { params: { query: { limit: 10, status: 'scheduled' } } });
  return data?.items[0]?.publications[0]?.status ?? null;
}

export async function upload(file: Blob): Promise<string> {
  const { data } = await client.POST('/api/v1/media/upload', { body: { file: 'x', alt: 'y' }, bodySerializer: () => file });
  return data?.id ?? '';
}
`;

test(
  'a client made from the document compiles, and refuses what the API would refuse',
  { timeout: 120_000 },
  async () => {
    await using api = await startTestApi(inject('postgresUrl'));
    const document = (await api.call('GET', '/openapi.json')).text;
    const schema = astToString(await openapiTypescript(document));
    const folder = await mkdtemp(join(tmpdir(), 'vibetribe-client-'));
    await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
    await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
    await writeFile(join(folder, 'schema.ts'), schema);
    expect(await faultsOf(folder, 'right.ts', program)).toEqual([]);
    const wrong = program
      .replace("content: 'Hello'", 'contents: 7')
      .replace("status: 'scheduled'", "status: 'nowhere'");
    expect(await faultsOf(folder, 'wrong.ts', wrong)).toHaveLength(2);
  },
);

async function faultsOf(folder: string, name: string, text: string): Promise<string[]> {
  const path = join(folder, name);
  await writeFile(path, text);
  const compiled = ts.createProgram([path], {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
    skipLibCheck: true,
  });
  return ts
    .getPreEmitDiagnostics(compiled)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
