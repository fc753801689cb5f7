import { platformIds } from '@vibetribe/contracts/platform-id';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { adapters } from '@vibetribe/platforms/registry';
import { testEndpoints } from '@vibetribe/platforms/testing/test-endpoints';
import { answerOf } from '@vibetribe/platforms/testing/test-platform';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DomainError } from '../domain-error.ts';
import { createDoctorAnswers, diagnosePlatform, doctorAnswersMs } from './diagnose-platform.ts';
import { type AccountsHarness, createAccountsHarness } from '../accounts/test-accounts.ts';

let harness: AccountsHarness;
beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const client = { id: 'app-1', secret: 's3cret-of-the-app' };
const at = (day: string) => ({ now: () => new Date(day), monotonicMs: () => 0 });

interface Given {
  readonly publicUrl?: string;
  readonly endpoints?: Parameters<typeof testEndpoints>[0];
  readonly day?: string;
  readonly platformHttp?: AccountsHarness['core']['platformHttp'];
}

const nobodyThere: AccountsHarness['core']['platformHttp'] = () => ({
  request: () => Promise.reject(new PlatformError('network', 'nobody is there', { platformCode: 'ECONNREFUSED' })),
});

async function diagnose(
  platformId: string,
  { publicUrl = 'https://me.example', endpoints, day = '2026-11-27', platformHttp = nobodyThere }: Given = {},
) {
  const actor = await harness.addOrganization();
  const deps = {
    ...harness.core,
    endpoints: () => testEndpoints(endpoints),
    clock: at(day),
    publicUrl: () => publicUrl,
    doctorAnswers: createDoctorAnswers({ clock: at(day) }),
    platformHttp,
  };
  const { checks } = await diagnosePlatform(deps, actor, { platformId });
  return { actor, deps, checks, named: new Map(checks.map((check) => [check.name, check])) };
}

test.each(platformIds)(
  'every platform can be asked about: %s; no secret is shown, and what is wrong has an action',
  async (id) => {
    const { checks } = await diagnose(id, { endpoints: { client, version: 'v25.0' } });
    expect(checks.length).toBeGreaterThan(0);
    expect(JSON.stringify(checks)).not.toContain('s3cret');
    const unhelped = checks.filter(({ status, action }) => status !== 'ok' && (action ?? '') === '');
    expect(unhelped).toEqual([]);
    const failing = await diagnose(id, { publicUrl: 'http://127.0.0.1:3000', endpoints: { version: 'v0' } });
    expect(failing.checks.filter(({ status, action }) => status !== 'ok' && (action ?? '') === '')).toEqual([]);
    expect(adapters[id].doctor).toBeDefined();
  },
);

const withOAuth = platformIds.filter(
  (id) =>
    adapters[id].oauth !== undefined &&
    adapters[id].oauth.registerClient === undefined &&
    adapters[id].oauth.describedClient === undefined,
);

test.each(withOAuth)('missing credentials of %s are named with their settings', async (id) => {
  const { named } = await diagnose(id, { endpoints: { client: null } });
  expect(named.get('credentials')).toMatchObject({
    status: 'failed',
    action: expect.stringContaining(`${id.toUpperCase().replaceAll('-', '_')}_CLIENT_ID`),
  });
});

test('the redirect address is told as it has to be entered; one that nobody else reaches is a warning', async () => {
  const [id = ''] = withOAuth;
  expect((await diagnose(id)).named.get('redirect_address')).toMatchObject({
    status: 'unknown',
    action: expect.stringContaining(`https://me.example/api/v1/accounts/callback/${id}`),
  });
  const local = await diagnose(id, { publicUrl: 'http://127.0.0.1:3000' });
  expect(local.named.get('redirect_address')).toMatchObject({
    status: 'warning',
    action: expect.stringContaining('PUBLIC_URL'),
  });
});

const described = platformIds.filter((id) => adapters[id].oauth?.describedClient !== undefined);

test.each(described)('where servers of %s read about this installation has to be https, and to answer', async (id) => {
  const at = async (publicUrl: string, client_id?: string) => {
    const request = () => Promise.resolve(answerOf(client_id === undefined ? 404 : 200, { client_id }));
    const answered = client_id === 'nobody' ? {} : { platformHttp: () => ({ request }) };
    return (await diagnose(id, { publicUrl, ...answered })).named.get('client_address');
  };
  const address = `https://me.example/api/v1/accounts/clients/${id}`;
  expect(await at('https://me.example', address)).toMatchObject({
    status: 'ok',
    detail: expect.stringContaining(address),
  });
  expect(await at('https://me.example', 'https://else.example')).toMatchObject({ status: 'failed' });
  expect(await at('https://me.example')).toMatchObject({ status: 'failed' });
  expect(await at('https://me.example', 'nobody')).toMatchObject({ status: 'warning' });
  expect(await at('http://127.0.0.1:3000')).toMatchObject({
    status: 'warning',
    action: expect.stringContaining('https'),
  });
  expect(await at('http://10.0.0.5:3000')).toMatchObject({ status: 'failed' });
});

const versioned = platformIds.filter((id) => adapters[id].doctor?.versionEnds !== undefined);

test.each(versioned)('a version of %s that ends, or has ended, is told with its day', async (id) => {
  const [version = '', end = ''] = Object.entries(adapters[id].doctor?.versionEnds ?? {}).at(-1) ?? [];
  const on = async (days: number) => {
    const day = new Date(Date.parse(end) + days * 86_400_000).toISOString();
    return (await diagnose(id, { endpoints: { client, version }, day })).named.get('version');
  };
  expect(await on(-61)).toMatchObject({ status: 'ok' });
  expect(await on(-30)).toMatchObject({ status: 'warning', detail: expect.stringContaining(end) });
  expect(await on(0)).toMatchObject({ status: 'warning' });
  expect(await on(1)).toMatchObject({ status: 'failed' });
  const unknown = await diagnose(id, { endpoints: { client, version: 'v99.9' } });
  expect(unknown.named.get('version')).toMatchObject({ status: 'unknown' });
});

const scoped = platformIds.filter((id) => (adapters[id].doctor?.scopes.length ?? 0) > 1);

test.each(scoped)(
  'permissions that accounts of %s were connected without are counted, of the own accounts alone',
  async (id) => {
    const { actor, deps } = await diagnose(id);
    const [first, second] = (adapters[id].doctor?.scopes ?? []).map(({ name }) => name);
    for (const owner of [actor, await harness.addOrganization()]) {
      const { accountId, grantId } = await harness.addXAccount(
        owner,
        `${id}${owner.organizationId.slice(-6)}`,
        3_600_000,
      );
      await harness.sql('update accounts set platform = $2 where id = $1', [accountId, id]);
      await harness.sql('update grants set scopes = $2 where id = $1', [grantId, owner === actor ? [first] : []]);
    }
    const { checks } = await diagnosePlatform(deps, actor, { platformId: id });
    expect(checks.find(({ name }) => name === `scope ${first}`)).toMatchObject({ status: 'ok' });
    expect(checks.find(({ name }) => name === `scope ${second}`)).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('One account was connected without it'),
    });
    const limited = await diagnosePlatform(deps, { ...actor, accountIds: ['acc_another'] }, { platformId: id });
    expect(limited.checks.find(({ name }) => name === `scope ${second}`)).toMatchObject({ status: 'unknown' });
  },
);

test('is for admins, and there is none of a platform that there is not', async () => {
  const { actor, deps } = await diagnose(platformIds[0] ?? '');
  const [platformId = ''] = platformIds;
  await expect(diagnosePlatform(deps, { ...actor, role: 'editor' }, { platformId })).rejects.toMatchObject({
    code: 'forbidden',
  });
  await expect(diagnosePlatform(deps, actor, { platformId: 'nowhere' })).rejects.toBeInstanceOf(DomainError);
});

const asking = platformIds.filter((id) => adapters[id].doctor?.check !== undefined);

test.each(asking)('%s is asked once in a few minutes, however many admins ask how often', async (id) => {
  const { actor, deps } = await diagnose(id, { endpoints: { client } });
  let asked = 0;
  let monotonicMs = 0;
  const counting = {
    ...deps,
    doctorAnswers: createDoctorAnswers({ clock: { ...at('2026-11-27'), monotonicMs: () => monotonicMs } }),
    platformHttp: (...of: Parameters<typeof deps.platformHttp>) => {
      asked += 1;
      return deps.platformHttp(...of);
    },
  };
  const ask = () =>
    Promise.all(
      [1, 2, 3].map(() => diagnosePlatform(counting, actor, { platformId: id }).then(({ checks }) => checks)),
    );
  const [first, ...others] = await ask();
  expect([...others, ...(await ask())]).toEqual(Array(5).fill(first));
  // Our own address is asked too, where platforms read about us there.
  const once = adapters[id].oauth?.describedClient === undefined ? 1 : 2;
  expect(asked).toBe(once);
  monotonicMs = doctorAnswersMs;
  await ask();
  expect(asked).toBe(2 * once);
});
