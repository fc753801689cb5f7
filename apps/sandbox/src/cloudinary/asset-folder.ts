import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

export const Asset = z.object({
  publicId: z.string(),
  kind: z.enum(['image', 'video', 'raw']),
  bytes: z.number(),
  contentType: z.string(),
  /** As it was answered. */
  answer: z.record(z.string(), z.unknown()).default({}),
});
export type Asset = z.infer<typeof Asset>;

/** Uploaded files on disk: a file of bytes and one of facts for each, named by their public id's digest. What a run before began is dropped. */
export type AssetFolder = {
  /** A path to write an upload to before it is known to be signed. */
  newPart(): string;
  keep(part: string, asset: Asset): Promise<void>;
  find(kind: string, publicId: string): Promise<(Asset & { path: string }) | null>;
  /** False where there was none. */
  remove(kind: string, publicId: string): Promise<boolean>;
  usedBytes(): Promise<number>;
};

export function openAssetFolder(directory: string): AssetFolder {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(directory)) if (name.endsWith('.part')) rmSync(join(directory, name));
  const pathOf = (kind: string, publicId: string) =>
    join(directory, createHash('sha1').update(`${kind}:${publicId}`).digest('hex'));

  return {
    newPart: () => join(directory, `${randomUUID()}.part`),
    async keep(part, asset) {
      const path = pathOf(asset.kind, asset.publicId);
      await rename(part, path);
      await writeFile(`${path}.json`, JSON.stringify(asset), { mode: 0o600 });
    },
    async find(kind, publicId) {
      const path = pathOf(kind, publicId);
      const facts = await readFile(`${path}.json`, 'utf8').catch(() => null);
      return facts === null ? null : { ...Asset.parse(JSON.parse(facts)), path };
    },
    async remove(kind, publicId) {
      const path = pathOf(kind, publicId);
      const wasThere = await rm(`${path}.json`).then(
        () => true,
        () => false,
      );
      await rm(path, { force: true });
      return wasThere;
    },
    async usedBytes() {
      const names = (await readdir(directory)).filter((name) => !name.includes('.'));
      const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
  };
}
