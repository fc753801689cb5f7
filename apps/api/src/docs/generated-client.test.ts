import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTypescript, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import ts from 'typescript';
import { expect, inject, test } from 'vitest';
import { startTestApi } from '../test-api.ts';

const clientFolder = new URL('../../../../packages/client/', import.meta.url);

const program = `
import { createClient, ProblemError, repeatable, type Schemas } from '@vibetribe/client';

const client = createClient({ url: 'http://127.0.0.1:3000', apiKey: 'key' });

export async function schedule(accountIds: string[]): Promise<Schemas['Post']> {
  return repeatable((header) =>
    client.post('/posts', {
      params: { header },
      body: { content: 'Hello', accountIds, scheduledAt: '2030-01-01T09:00:00+01:00', misfire: { policy: 'skip' } },
    }),
  );
}

export async function firstStatus(): Promise<string | null> {
  const { items } = await client.get('/posts', { params: { query: { limit: 10, status: 'scheduled' } } });
  return items[0]?.publications[0]?.status ?? null;
}

export async function remove(id: string): Promise<boolean> {
  try {
    const nothing: undefined = await client.delete('/webhooks/{id}', { params: { path: { id } } });
    return nothing === undefined;
  } catch (error) {
    return error instanceof ProblemError && error.code === 'not_found';
  }
}

export const sessions: Promise<{ items: Schemas['Session'][] }> = client.get('/auth/sessions');
`;

test(
  'a client made from the document compiles, and refuses what the API would refuse',
  { timeout: 120_000 },
  async () => {
    await using api = await startTestApi(inject('postgresUrl'));
    const document = (await api.call('GET', '/openapi.json')).json;
    const schema = astToString(await openapiTypescript(JSON.stringify(withoutRefusals(document))));
    // Old ones are brought up to date by `npm test -- apps/api/src/docs/generated-client.test.ts -u`.
    await expect(`${COMMENT_HEADER}${schema}`, 'the types of packages/client are old').toMatchFileSnapshot(
      fileURLToPath(new URL('src/openapi.ts', clientFolder)),
    );
    const folder = await mkdtemp(join(tmpdir(), 'vibetribe-client-'));
    await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
    expect(await faultsOf(folder, 'right.ts', program)).toEqual([]);
    const wrong = program
      .replace("content: 'Hello'", 'contents: 7')
      .replace("status: 'scheduled'", "status: 'nowhere'");
    expect(await faultsOf(folder, 'wrong.ts', wrong)).toHaveLength(2);
  },
);

type Document = { paths?: Record<string, Record<string, { responses: Record<string, unknown> }>> };

/** The client throws refusals: what each route refuses with is no type of an answer. */
function withoutRefusals(document: Document): Document {
  const paths = Object.entries(document.paths ?? {}).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, operation]) => {
        const taken = Object.entries(operation.responses).filter(([status]) => status < '400');
        return [method, { ...operation, responses: Object.fromEntries(taken) }];
      }),
    ),
  ]);
  return { ...document, paths: Object.fromEntries(paths) };
}

async function faultsOf(folder: string, name: string, text: string): Promise<string[]> {
  const path = join(folder, name);
  await writeFile(path, text);
  const compiled = ts.createProgram([path], {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    paths: { '@vibetribe/client': [fileURLToPath(new URL('src/index.ts', clientFolder))] },
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
    skipLibCheck: true,
  });
  return ts
    .getPreEmitDiagnostics(compiled)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
