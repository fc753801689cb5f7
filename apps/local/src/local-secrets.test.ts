import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { loadSecrets } from './local-secrets.ts';

let dataDir = '';
const nothing = { authSecret: undefined, encryptionKeys: undefined, adminPassword: undefined };

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-secrets-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
});

test('secrets are made once, with 32-byte keys, and are the same at the next start', async () => {
  const first = await loadSecrets({ dataDir, ...nothing });
  expect(await loadSecrets({ dataDir, ...nothing })).toEqual(first);
  const [id, key] = first.encryptionKeys.split(':');
  expect(id).toBe('k1');
  expect(Buffer.from(key ?? '', 'base64')).toHaveLength(32);
  expect(Buffer.from(first.authSecret, 'base64url')).toHaveLength(32);
});

test('only the owner can read the file', async () => {
  await loadSecrets({ dataDir, ...nothing });
  expect((await stat(join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600);
});

test('what is given wins and does not replace what is kept', async () => {
  const kept = await loadSecrets({ dataDir, ...nothing });
  const given = await loadSecrets({ dataDir, ...nothing, adminPassword: 'given password' });
  expect(given).toEqual({ ...kept, adminPassword: 'given password' });
  expect(await loadSecrets({ dataDir, ...nothing })).toEqual(kept);
});

test('a damaged file is never replaced: it holds the only keys to the connected accounts', async () => {
  await writeFile(join(dataDir, 'secrets.json'), '{"authSecret":');
  await expect(loadSecrets({ dataDir, ...nothing })).rejects.toThrow(/cannot be read: restore it/);
});
