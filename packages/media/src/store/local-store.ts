import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystemError } from '../system-error.ts';
import { extensionOf } from '../media-type.ts';
import { type MediaStore, MediaStoreError } from './media-store.ts';

/**
 * Files under a directory, named by organization and content: the same content is stored once for each organization, and no two
 * organizations ever share a file.
 */
export function createLocalStore({ directory }: { readonly directory: string }): MediaStore {
  const pathOf = (key: string) => join(directory, checkedKey(key));

  return {
    id: 'local',
    keyFor: ({ organizationId, sha256, mimeType }) =>
      `${organizationId}/${sha256.slice(0, 2)}/${sha256}.${extensionOf(mimeType)}`,
    async put(path, { key }) {
      const target = pathOf(key);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await place(path, target);
      await syncDirectory(dirname(target));
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

/** A second name for the file where the file system knows such, else a copy. What is there already has the same content. */
async function place(path: string, target: string): Promise<void> {
  try {
    await link(path, target);
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return;
    if (isSystemError(error, 'ENOENT')) throw error;
    const part = `${target}.${randomUUID()}.part`;
    await copyFile(path, part, constants.COPYFILE_FICLONE);
    await rename(part, target);
  }
}

/** Whose and which content a key of this store names. */
export function contentOfKey(key: string): { readonly organizationId: string; readonly sha256: string } {
  const [, organizationId, sha256] = /^([^/]+)\/[0-9a-f]{2}\/([0-9a-f]{64})\./.exec(key) ?? [];
  if (organizationId === undefined || sha256 === undefined) throw new MediaStoreError('gone', 'There is no such key.');
  return { organizationId, sha256 };
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
