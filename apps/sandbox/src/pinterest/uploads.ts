import { z } from 'zod';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import { mediumOf, type ReceivedFile } from '../uploads/received-file.ts';
import { typeInBytes } from '../uploads/sniff-type.ts';
import { PostMedium } from '../state/posts.ts';
import { randomSecret } from '../state/random-secret.ts';

/** A video that was registered. Times are of the movable clock. */
export type Upload = z.infer<typeof Upload>;
export type UploadStatus = 'registered' | 'processing' | 'succeeded' | 'failed';

export type Uploads = {
  register(owner: string, account: string): Upload;
  get(mediaId: string): Upload | undefined;
  /** By the key among the fields of its upload, as long as its address lives. */
  byKey(key: string): Upload | undefined;
  receive(upload: Upload, file: ReceivedFile): void;
  statusOf(upload: Upload): UploadStatus;
  clear(): Change[];
};

const processingMs = 800;
const addressLifeMs = 3_600_000;

export function createUploads({ sandbox }: SiteContext): Uploads {
  const { store, clock } = sandbox;
  const table = store.table('pinterest.uploads', Upload);
  const idByKey = new Map<string, string>();
  table.onChange((_before, after) => {
    if (after !== undefined) idByKey.set(after.key, after.id);
  });
  const put = (upload: Upload): Upload => {
    store.commit([table.put(upload.id, upload)]);
    return upload;
  };

  return {
    register: (owner, account) =>
      put({
        id: newGraphId('5', 19, (taken) => table.has(taken)),
        owner,
        account,
        key: `uploads/${randomSecret(12)}:video:${owner}`,
        signature: randomSecret(24),
        medium: null,
        isGood: true,
        readyAtMs: 0,
        expiresAtMs: clock.nowMs() + addressLifeMs,
      }),
    get: (mediaId) => table.get(mediaId),
    byKey(key) {
      const upload = table.get(idByKey.get(key) ?? '');
      return upload === undefined || upload.expiresAtMs <= clock.nowMs() ? undefined : upload;
    },
    receive(upload, file) {
      const isGood = (typeInBytes(file.head) ?? '').startsWith('video/');
      const medium = { ...mediumOf(file, null), type: 'video' };
      put({ ...upload, medium, isGood, readyAtMs: clock.nowMs() + processingMs });
    },
    statusOf({ medium, readyAtMs, isGood }) {
      if (medium === null) return 'registered';
      if (readyAtMs > clock.nowMs()) return 'processing';
      return isGood ? 'succeeded' : 'failed';
    },
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const Upload = z.object({
  id: z.string(),
  owner: z.string(),
  account: z.string(),
  key: z.string(),
  signature: z.string(),
  medium: PostMedium.nullable(),
  isGood: z.boolean(),
  readyAtMs: z.number(),
  expiresAtMs: z.number(),
});
