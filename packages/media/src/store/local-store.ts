import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystemError } from '../system-error.ts';
import { extensionOf } from '../media-type.ts';
import { type MediaStore, MediaStoreError, nameOf } from './media-store.ts';

/**
 * Files under a directory, in one of its own for each organization: no two of them ever share a file.
 */
export function createLocalStore({ directory }: { readonly directory: string }): MediaStore {
  const pathOf = (key: string) => join(directory, checkedKey(key));

  return {
    id: 'local',
    keyFor(content) {
      const name = nameOf(content);
      return `${content.organizationId}/${name.slice(0, 2)}/${name}.${extensionOf(content.mimeType)}`;
    },
    async put(path, { key }) {
      const target = pathOf(key);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await place(path, target);
      await syncDirectory(dirname(target));
    },
    async has({ key }, bytes) {
      try {
        return (await stat(pathOf(key))).size === bytes;
      } catch (error) {
        if (isSystemError(error, 'ENOENT')) return false;
        throw error;
      }
    },
    async fetch({ key }) {
      const path = pathOf(key);
      try {
        await access(path);
      } catch (cause) {
        if (isSystemError(cause, 'ENOENT'))
          throw new MediaStoreError('gone', 'The file is not in the store.', { cause });
        throw cause;
      }
      return path;
    },
    remove: ({ key }) => rm(pathOf(key), { force: true }),
    url: () => null,
    usage: () => Promise.resolve(null),
  };
}

/** A second name for the file where the file system knows such, else a copy; then it takes the place of what was there. */
async function place(path: string, target: string): Promise<void> {
  const part = `${target}.${randomUUID()}.part`;
  try {
    await linkOrCopy(path, part);
    await rename(part, target);
  } finally {
    // A rename between two names of one file does nothing at all.
    await rm(part, { force: true });
  }
}

async function linkOrCopy(path: string, part: string): Promise<void> {
  try {
    await link(path, part);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) throw error;
    await copyFile(path, part, constants.COPYFILE_FICLONE);
  }
}

/** Whose file a key of this store names, and what stands for its content. */
export function partsOfKey(key: string): { readonly organizationId: string; readonly name: string } {
  const [, organizationId, name] = /^([^/]+)\/[0-9a-f]{2}\/([0-9a-f]{64})\./.exec(key) ?? [];
  if (organizationId === undefined || name === undefined) throw new MediaStoreError('gone', 'There is no such key.');
  return { organizationId, name };
}

/** Keys come from the database and from signed addresses; neither ever leads out of the directory. */
function checkedKey(key: string): string {
  if (/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+){1,3}\.[a-z0-9]{2,4}$/.test(key)) return key;
  throw new MediaStoreError('gone', 'There is no such key.');
}

/** A rename is on disk once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
