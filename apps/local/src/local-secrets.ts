import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { LocalConfig } from './config.ts';
import { StartError } from './start-error.ts';
import { writePrivateFile } from './write-private-file.ts';

const Secrets = z.object({
  authSecret: z.string().min(1),
  encryptionKeys: z.string().min(1),
  adminPassword: z.string().min(1),
});
export type Secrets = z.infer<typeof Secrets>;

type Given = Pick<LocalConfig, 'dataDir' | 'authSecret' | 'encryptionKeys' | 'adminPassword'>;

/**
 * The system's secrets: what is given, else what an earlier start generated into `secrets.json`, else new ones kept there.
 * @throws StartError when the file is there but cannot be read: replacing it would lose every connected account
 */
export async function loadSecrets(given: Given): Promise<Secrets> {
  const path = join(given.dataDir, 'secrets.json');
  const kept = (await readKept(path)) ?? (await generateInto(path));
  return {
    authSecret: given.authSecret ?? kept.authSecret,
    encryptionKeys: given.encryptionKeys ?? kept.encryptionKeys,
    adminPassword: given.adminPassword ?? kept.adminPassword,
  };
}

async function readKept(path: string): Promise<Secrets | null> {
  try {
    return Secrets.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new StartError(`${path} cannot be read: restore it, or move it away to start with new secrets.`, { cause });
  }
}

async function generateInto(path: string): Promise<Secrets> {
  const secrets = {
    authSecret: randomBytes(32).toString('base64url'),
    encryptionKeys: `k1:${randomBytes(32).toString('base64')}`,
    adminPassword: randomBytes(12).toString('base64url'),
  };
  await writePrivateFile(path, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}
