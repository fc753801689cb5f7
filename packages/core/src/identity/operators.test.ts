import { newApiKey } from '@vibetribe/security/api-key';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ensureAdmin } from './ensure-admin.ts';
import { issueDemoKey } from './issue-demo-key.ts';
import { createOperators } from './operators.ts';
import { createTestIdentity, type TestIdentity } from './test-identity.ts';

let harness: TestIdentity;
beforeAll(async () => {
  harness = await createTestIdentity(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

test("an operator's key is a live one of a service admin with the scope ops, and nothing else that one may send", async () => {
  const admin = await ensureAdmin(harness, {
    email: 'root@example.com',
    password: 'first password',
    name: 'Admin',
    organizationName: 'Operators',
  });
  const { key } = await issueDemoKey(harness, admin);
  let nowMs = 0;
  const operators = createOperators({ db: harness.db, clock: { monotonicMs: () => nowMs } }, { trustsLoopback: false });
  const isOperator = () => {
    nowMs += 60_000;
    return operators.isOperator(key);
  };
  expect(await isOperator()).toBe(true);
  expect(await operators.isOperator(newApiKey())).toBe(false);
  expect(await operators.isOperator('an access token')).toBe(false);
  await harness.sql(`update api_keys set scopes = '{admin}'`);
  expect(await isOperator()).toBe(false);
  await harness.sql(`update api_keys set scopes = '{ops}'`);
  expect(await isOperator()).toBe(true);
  await harness.sql('update users set service_admin = false');
  expect(await isOperator()).toBe(false);
  await harness.sql('update users set service_admin = true');
  await harness.sql('update api_keys set revoked_at = now()');
  expect(await isOperator()).toBe(false);
});
