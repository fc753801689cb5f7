import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';

type Operation = {
  operationId?: string;
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<
    string,
    { description: string; headers?: Record<string, unknown>; content?: Record<string, unknown> }
  >;
};
type Document = {
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
};

let api: TestApi;
let document: Document;

beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'));
  document = (await api.call('GET', '/openapi.json')).json as unknown as Document;
});
afterAll(() => api[Symbol.asyncDispose]());

test('two validators find the document valid', async () => {
  const rules = { struct: 'error', 'no-unresolved-refs': 'error', 'operation-operationId-unique': 'error' } as const;
  const problems = await lintFromString({ source: JSON.stringify(document), config: await createConfig({ rules }) });
  expect(problems.map(({ message, location }) => `${location[0]?.pointer ?? ''}: ${message}`)).toEqual([]);
  const checked = await new Validator().validate(structuredClone(document) as never);
  expect(checked.errors).toBeUndefined();
  expect(checked.valid).toBe(true);
});

test('every reference leads somewhere, and every component is named by something', () => {
  const text = JSON.stringify(document);
  const named = new Set([...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name));
  expect([...named].filter((name) => !((name as string) in document.components.schemas))).toEqual([]);
  expect(text).not.toContain('#/$defs/');
  expect(Object.keys(document.components.schemas).filter((name) => !named.has(name))).toEqual([]);
});

test('every operation has a name of its own, says what it does and who may call it, and names its error codes', () => {
  const all = operations();
  expect(all.length).toBeGreaterThan(40);
  const ids = all.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(all.length);
  const poor = all.filter(
    ({ operation: { operationId, summary, description } }) =>
      !/^[a-z][a-zA-Z]+$/.test(operationId ?? '') ||
      !summary ||
      !/Anyone may|right `|scope `ops`/.test(description ?? ''),
  );
  expect(poor.map(({ name }) => name)).toEqual([]);
  const silent = all.filter(({ operation }) => !Object.keys(operation.responses).some((status) => status >= '400'));
  expect(silent.map(({ name }) => name)).toEqual([]);
});

test('an operation documents its success, its headers and its upload body', () => {
  const create = document.paths['/api/v1/posts']?.['post'];
  expect(create?.parameters).toContainEqual(expect.objectContaining({ name: 'Idempotency-Key', in: 'header' }));
  expect(create?.responses['201']?.headers).toHaveProperty('Idempotent-Replayed');
  expect(JSON.stringify(create?.responses['422'])).toContain('quota_exceeded');
  const update = document.paths['/api/v1/posts/{id}']?.['put'];
  expect(update?.parameters).toContainEqual(expect.objectContaining({ name: 'If-Match', in: 'header' }));
  expect(update?.responses['200']?.headers).toHaveProperty('ETag');
  expect(update?.responses['412']).toBeDefined();
  const upload = document.paths['/api/v1/media/upload']?.['post'];
  expect(upload?.requestBody?.content['multipart/form-data']?.schema).toMatchObject({ required: ['file'] });
  const missing = operations().filter(
    ({ operation }) => !Object.keys(operation.responses).some((status) => status < '400'),
  );
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test('every POST takes an Idempotency-Key but sign-in and what changes nothing the second time', () => {
  const without = operations().filter(
    ({ name, operation }) =>
      /^post \/api\/v1\/(?!auth\/)/.test(name) && !operation.parameters?.some((one) => one.name === 'Idempotency-Key'),
  );
  const repeatable = new Set([
    'acceptInvitation',
    'cleanQueue',
    'confirmConsent',
    'optimizeUrl',
    'pauseQueue',
    'readNotification',
    'refreshAccount',
    'resumeQueue',
    'retryFailedJobs',
    'runTask',
    'startConnect',
    'validatePost',
  ]);
  expect(new Set(without.map(({ operation }) => operation.operationId))).toEqual(repeatable);
});

test('the document says where the API is', () => {
  expect(document.servers.map(({ url }) => new URL(url).protocol)).toEqual(['http:']);
});

test('the docs page has its own title and icon and asks nobody else for anything', async () => {
  const { text } = await api.call('GET', '/docs/');
  expect(text).toContain('<title>VibeTribe API</title>');
  expect(text).toMatch(/hideClientButton":\s*true/);
  expect([...text.matchAll(/(?:src|href)="(https?:[^"]+)"/g)].map(([, url]) => url)).toEqual([]);
});

test('every JSON body has an example, and its schema accepts it', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const bodies = operations().flatMap(({ name, operation }) => {
    const schema = operation.requestBody?.content['application/json']?.schema;
    return schema === undefined ? [] : [{ name, schema }];
  });
  expect(bodies.length).toBeGreaterThan(8);
  ajv.addSchema({ $id: 'document', components: document.components });
  for (const { name, schema } of bodies) {
    // A body that may be left out is a choice of its schema and null.
    const reference = /"\$ref":"([^"]+)"/.exec(JSON.stringify(schema))?.[1] ?? '';
    const component = document.components.schemas[reference.split('/').at(-1) ?? ''] as
      | { examples?: unknown[] }
      | undefined;
    const [example] = component?.examples ?? [];
    expect(example, name).toBeDefined();
    const accepts = ajv.compile({ $ref: `document${reference}` });
    expect(accepts(example), `${name}: ${ajv.errorsText(accepts.errors)}`).toBe(true);
  }
});

function operations(): { name: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );
}
