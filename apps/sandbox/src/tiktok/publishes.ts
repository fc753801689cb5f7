import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import { randomSecret } from '../state/random-secret.ts';
import { addressLifeMs } from './limits.ts';
import { PostInfo } from './init-body.ts';

/** Something on its way to be posted, or to the inbox of its creator. Times are of the movable clock. */
export type Publish = z.infer<typeof Publish>;
export type PublishStatus =
  | 'PROCESSING_UPLOAD'
  | 'PROCESSING_DOWNLOAD'
  | 'SEND_TO_USER_INBOX'
  | 'PUBLISH_COMPLETE'
  | 'FAILED';

export type Publishes = {
  begin(account: Account, given: Pick<Publish, 'kind' | 'info' | 'size' | 'chunkSize' | 'chunks'>): Publish;
  get(id: string): Publish | undefined;
  /** By the secret in its upload address, as long as that lives. */
  uploading(secret: string): Publish | undefined;
  put(publish: Publish): void;
  /** All of it came. */
  done(publish: Publish, outcome: { post: string | null; fault: string | null }): Change;
  statusOf(publish: Publish): PublishStatus;
  /** The post's id, once everybody may see it. */
  publicId(publish: Publish): string | null;
  clear(): Change[];
};

const processingMs = 600;
const moderationMs = 600;

export function createPublishes({ sandbox }: SiteContext): Publishes {
  const { store, clock } = sandbox;
  const table = store.table('tiktok.publishes', Publish);
  const idBySecret = new Map<string, string>();
  table.onChange((_before, after) => {
    if (after !== undefined) idBySecret.set(after.secret, after.id);
  });

  function statusOf({ kind, info, doneAtMs, fault }: Publish): PublishStatus {
    if (doneAtMs === null || clock.nowMs() < doneAtMs + processingMs)
      return kind === 'photo' ? 'PROCESSING_DOWNLOAD' : 'PROCESSING_UPLOAD';
    if (fault !== null) return 'FAILED';
    return info === null ? 'SEND_TO_USER_INBOX' : 'PUBLISH_COMPLETE';
  }

  return {
    begin(account, given) {
      const id = `v_pub_${given.kind === 'photo' ? 'url' : 'file'}~v2-1.${randomSecret(12).replaceAll(/[^0-9A-Za-z]/gu, '0')}`;
      const times = { doneAtMs: null, expiresAtMs: clock.nowMs() + addressLifeMs };
      const publish = {
        ...given,
        ...times,
        id,
        account: account.id,
        secret: randomSecret(18),
        received: 0,
        post: null,
        fault: null,
      };
      store.commit([table.put(id, publish)]);
      return publish;
    },
    get: (id) => table.get(id),
    uploading(secret) {
      const publish = table.get(idBySecret.get(secret) ?? '');
      return publish === undefined || publish.expiresAtMs <= clock.nowMs() ? undefined : publish;
    },
    put: (publish) => store.commit([table.put(publish.id, publish)]),
    done: (publish, outcome) =>
      table.put(publish.id, { ...publish, ...outcome, received: publish.size, doneAtMs: clock.nowMs() }),
    statusOf,
    publicId(publish) {
      const isLooked = publish.doneAtMs !== null && clock.nowMs() >= publish.doneAtMs + processingMs + moderationMs;
      return isLooked && publish.info?.privacy_level === 'PUBLIC_TO_EVERYONE' ? publish.post : null;
    },
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const Publish = z.object({
  id: z.string(),
  account: z.string(),
  kind: z.enum(['video', 'photo']),
  /** Null for what goes to the inbox. */
  info: PostInfo.nullable(),
  secret: z.string(),
  size: z.number(),
  chunkSize: z.number(),
  chunks: z.number(),
  received: z.number(),
  post: z.string().nullable(),
  fault: z.string().nullable(),
  doneAtMs: z.number().nullable(),
  expiresAtMs: z.number(),
});
