import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MediaItem } from '../port/content.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPicture, testVideo } from '../testing/test-media.ts';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';
import { pinterest } from './index.ts';

/** The folder with the platforms' own descriptions: PLATFORM_SPECS_DIR, or `shared/specs` beside the repository. */
const directory = process.env['PLATFORM_SPECS_DIR'] ?? resolve(import.meta.dirname, '../../../../../shared/specs');
const file = join(directory, 'pinterest/openapi.v5.json');
const missing = `Requests to Pinterest were not checked: ${file} is missing; set PLATFORM_SPECS_DIR.`;

const Schema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});
const Description = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

describe('requests to Pinterest, against its own description', () => {
  beforeEach((context) => context.skip(!existsSync(file), missing));
  afterAll(() => (existsSync(file) ? undefined : process.stderr.write(`${missing}\n`)));

  /** What a value has and the schema has not, or the other way round. */
  function strangersIn(name: string, value: object): string[] {
    const { components } = Description.parse(JSON.parse(readFileSync(file, 'utf8')));
    const { properties, required } = Schema.parse(components.schemas[name]);
    return [
      ...Object.keys(value).filter((key) => !Object.hasOwn(properties, key)),
      ...required.filter((key) => !Object.hasOwn(value, key)).map((key) => `no ${key}`),
    ].map((fault) => `${name}: ${fault}`);
  }

  test('every path is there, and pins of every kind name nothing unknown', async () => {
    const { paths } = Description.parse(JSON.parse(readFileSync(file, 'utf8')));
    await using client = openTestClient('pinterest');
    let origin = '';
    const answer = () => ({
      id: '77',
      media_id: '9',
      status: 'succeeded',
      upload_url: `${origin}/bucket/`,
      upload_parameters: { key: 'k' },
      items: [{ id: '8', name: 'Soups' }],
      bookmark: null,
    });
    await using server = await startRoutes(new Proxy({}, { get: () => () => ({ json: answer() }) }));
    ({ origin } = server);
    const account = { externalId: '8', handle: 'ada/food', service: null };
    const call = { endpoints: testEndpoints({ api: origin, authorize: origin }), account, accessToken: 't' };
    const everything = {
      section: 'Soups',
      board: 'Soups',
      title: 'T',
      link: 'https://a.bc/',
      dominantColor: '#aabbcc',
    };
    const kinds: [string, MediaItem[]][] = [
      ['PinMediaSourceImageBase64', [testPicture('One')]],
      ['PinMediaSourceImagesBase64', [testPicture('One'), testPicture('Two')]],
      ['PinMediaSourceVideoID', [testVideo(1_000), testPicture()]],
      ['PinMediaSourceVideoID', [testVideo(1_000)]],
    ];
    for (const [schema, media] of kinds) {
      server.seen.length = 0;
      const content = { text: 'Hello', options: everything, media };
      await startPublication({ ...call, adapter: pinterest, client, content }).publish();
      const body = server.seen.find(({ route }) => route === 'POST /v5/pins')?.body ?? '{}';
      const pin = z.looseObject({ media_source: z.looseObject({}) }).parse(JSON.parse(body));
      expect([...strangersIn('PinCreate', pin), ...strangersIn(schema, pin.media_source)]).toEqual([]);
      for (const { route, body: sent } of server.seen.filter(({ route }) => route === 'POST /v5/media'))
        expect([route, strangersIn('MediaUploadCreate', JSON.parse(sent) as object)]).toEqual([route, []]);
      const unknown = server.seen
        .map(({ route }) => route.replace('/v5', '').split(' '))
        .filter(([, path]) => path !== '/bucket/')
        .filter(([method = '', path = '']) => !isDescribed(paths, method.toLowerCase(), path));
      expect(unknown).toEqual([]);
    }
    const post = { platformPostId: '77', url: null };
    server.seen.length = 0;
    const after = { ...call, http: client.http(), scopes: [], details: {}, post };
    await pinterest.edit?.({ ...after, content: { text: 'New', options: {} } });
    expect(strangersIn('PinUpdate', JSON.parse(server.seen[0]?.body ?? '{}') as object)).toEqual([]);
  });
});

function isDescribed(paths: Readonly<Record<string, object>>, method: string, path: string): boolean {
  return Object.entries(paths).some(
    ([pattern, methods]) =>
      Object.hasOwn(methods, method) && new RegExp(`^${pattern.replaceAll(/\{[^}]+\}/gu, '[^/]+')}$`, 'u').test(path),
  );
}
