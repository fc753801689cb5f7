import { platformIds } from '@vibetribe/contracts/platform-id';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { platformEndpoints } from './endpoints.ts';
import { adapters } from './registry.ts';
import { testEndpoints } from './testing/test-endpoints.ts';

describe('where a platform lives', () => {
  test('is the real one unless something else is said', () => {
    expect(platformEndpoints('x', { env: {} })).toEqual(
      testEndpoints({
        api: 'https://api.x.com',
        authorize: 'https://x.com/i/oauth2/authorize',
        client: null,
      }),
    );
    expect(platformEndpoints('bluesky', { env: {} })).toMatchObject({
      api: 'https://bsky.social',
      upload: 'https://video.bsky.app',
    });
    expect(platformEndpoints('mastodon', { env: {} }).api).toBeNull();
  });

  test('is the sandbox under its address; what has an origin of its own is for the user to name', () => {
    const settings = { sandboxUrl: 'http://127.0.0.1:4010/', env: {} };
    expect(platformEndpoints('x', settings)).toEqual(
      testEndpoints({
        api: 'http://127.0.0.1:4010/x',
        authorize: 'http://127.0.0.1:4010/x/i/oauth2/authorize',
        client: { id: 'vibetribe-sandbox', secret: 'vibetribe-sandbox-secret' },
      }),
    );
    const hosts = { resolver: 'http://127.0.0.1:4010/bluesky', plc: 'http://127.0.0.1:4010/bluesky/plc' };
    expect(platformEndpoints('bluesky', settings)).toEqual(testEndpoints({ hosts }));
    expect(platformEndpoints('mastodon', settings)).toEqual(testEndpoints());
  });

  test('is what the settings say before everything else', () => {
    const env = {
      X_API_URL: 'https://proxy.example/',
      X_CLIENT_ID: 'id',
      X_CLIENT_SECRET: 'secret',
      X_AUTHORIZE_URL: '',
      BLUESKY_UPLOAD_URL: 'https://video.example/',
    };
    expect(platformEndpoints('bluesky', { sandboxUrl: 'http://s', env })).toMatchObject({
      upload: 'https://video.example',
    });
    expect(platformEndpoints('x', { sandboxUrl: 'http://s', env })).toEqual(
      testEndpoints({
        api: 'https://proxy.example',
        authorize: 'http://s/x/i/oauth2/authorize',
        client: { id: 'id', secret: 'secret' },
      }),
    );
  });
});

describe.each(platformIds)('%s', (platform) => {
  const adapter = adapters[platform];

  test('stands under its own id and can be connected', () => {
    expect(adapter.id).toBe(platform);
    expect(adapter.oauth ?? adapter.manual).toBeDefined();
  });

  test('tells its options as a closed JSON Schema', () => {
    expect(z.toJSONSchema(adapter.rules.options)).toMatchObject({ type: 'object', additionalProperties: false });
  });

  test('asks by hand for exactly the fields that its credentials have', () => {
    const { manual } = adapter;
    const unknown = manual?.credentials.safeParse({ surplus: 'x' }).error?.issues ?? [];
    expect(unknown).toContainEqual(expect.objectContaining({ code: 'unrecognized_keys', keys: ['surplus'] }));
    const required = unknown.filter(({ code }) => code !== 'unrecognized_keys').map(({ path }) => path.join('.'));
    expect(required.toSorted()).toEqual(
      manual?.fields
        .filter((field) => field.required)
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  test('takes by hand what the contract names for every platform without a server of its own', () => {
    const { manual } = adapter;
    const names = new Set(manual?.fields.map(({ name }) => name));
    if (manual === undefined || names.has('instance') || names.has('appPassword')) return;
    const given = { accessToken: 't', refreshToken: 'r', expiresAt: '2030-01-01T00:00:00Z', externalId: '1' };
    const faults = manual.credentials.safeParse(given).error?.issues ?? [];
    expect(faults.filter(({ code }) => code === 'unrecognized_keys')).toEqual([]);
  });
});
