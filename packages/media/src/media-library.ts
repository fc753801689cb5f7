import { join } from 'node:path';
import { type CloudinaryAccount, createCloudinaryStore } from './store/cloudinary-store.ts';
import { createFileDigests, type FileDigests } from './upload/file-digests.ts';
import { createDiskSpace, type DiskSpace } from './store/disk-space.ts';
import { createInspector, type Inspector } from './inspect/inspector.ts';
import { createLocalStore } from './store/local-store.ts';
import { createMediaReader, type MediaReader } from './serve/media-reader.ts';
import type { MediaStore } from './store/media-store.ts';
import { createRenditions, type Renditions } from './store/renditions.ts';
import { sweepFiles } from './store/sweep-files.ts';

/** Everything about files, in one place. Disposing ends the processes and the thread that look into them. */
export interface MediaLibrary extends AsyncDisposable {
  readonly store: MediaStore;
  readonly inspector: Inspector;
  readonly digests: FileDigests;
  readonly renditions: Renditions;
  readonly reader: MediaReader;
  readonly disk: DiskSpace;
  /** Where uploads are received. */
  readonly incomingDirectory: string;
  /** Removes what was left behind and what can be made again. */
  sweep(): Promise<{ readonly files: number; readonly bytes: number }>;
}

export interface MediaLibraryOptions {
  readonly dataDir: string;
  /** Null: files stay in `dataDir`. */
  readonly cloudinary: CloudinaryAccount | null;
  /** Free space that nothing is written into. Null: as `createDiskSpace` chooses. */
  readonly diskReserveBytes: number | null;
  /** How much of the disk an organization may take beside its originals: renditions, copies of what is stored elsewhere. */
  readonly spareBytes: (organizationId: string) => Promise<number>;
  readonly now: () => Date;
}

/** No upload takes that long. */
const incomingMsMax = 3_600_000;
const unusedMsMax = 7 * 24 * 3_600_000;

export function createMediaLibrary(options: MediaLibraryOptions): MediaLibrary {
  const { dataDir, cloudinary, diskReserveBytes, spareBytes: bytesMax, now } = options;
  const directory = (name: string) => join(dataDir, 'media', name);
  const store =
    cloudinary === null ? createLocalStore({ directory: directory('originals') }) : createCloudinaryStore(cloudinary);
  const inspector = createInspector();
  const digests = createFileDigests();
  const disk = createDiskSpace({ directory: join(dataDir, 'media'), reserveBytes: diskReserveBytes });
  const renditions = createRenditions({ directory: directory('renditions'), inspector, disk, bytesMax, now });
  return {
    store,
    inspector,
    digests,
    renditions,
    reader: createMediaReader({ store, renditions, copiesDirectory: directory('copies'), disk, bytesMax, now }),
    disk,
    incomingDirectory: directory('incoming'),
    async sweep() {
      const before = (ageMs: number) => new Date(now().getTime() - ageMs);
      const swept = [
        await sweepFiles(directory('incoming'), before(incomingMsMax)),
        await sweepFiles(directory('renditions'), before(unusedMsMax)),
        await sweepFiles(directory('copies'), before(unusedMsMax)),
      ];
      return swept.reduce((sum, each) => ({ files: sum.files + each.files, bytes: sum.bytes + each.bytes }));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([inspector[Symbol.asyncDispose](), digests[Symbol.asyncDispose]()]);
    },
  };
}
