import type { PublicationStatus } from '@vibetribe/contracts/publication-status';
import { addAccount, addOrganization, addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Media } from '@vibetribe/contracts/media';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { migrate } from '@vibetribe/db/migrate';
import type { CloudinaryAccount } from '@vibetribe/media/store/cloudinary-store';
import { createMediaLibrary } from '@vibetribe/media/media-library';
import { createMediaUrls } from '@vibetribe/media/serve/media-urls';
import { receiveUpload } from '@vibetribe/media/upload/receive-upload';
import { createLogger } from '@vibetribe/observability/logger';
import { systemClock } from '@vibetribe/resilience/clock';
import { createTestDatabase, templateDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import type { Actor } from '../actor.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { createSpareBytes } from './spare-bytes.ts';
import { uploadMedia } from './upload-media.ts';

export const namingPlaces = ['post', 'thread', 'variant', 'thread of the variant'] as const;
export type NamingPlace = (typeof namingPlaces)[number];

export interface MediaHarness extends AsyncDisposable {
  readonly deps: MediaDependencies;
  /** Names of the originals in the local store. */
  storedFiles(): Promise<string[]>;
  addOrganization(): Promise<Actor>;
  upload(actor: Actor, file: Buffer, options?: { alt?: string; deps?: MediaDependencies }): Promise<Media>;
  /** A post with one publication of this status that names the media: in the post or in the account's variant, or in their threads. */
  addPost(actor: Actor, mediaId: string, status: PublicationStatus, where?: NamingPlace): Promise<string>;
  /** As the database's owner: for arranging and for looking. */
  readonly sql: <Row extends pg.QueryResultRow>(query: string, values?: unknown[]) => Promise<Row[]>;
}

export async function createMediaHarness(
  postgresUrl: string,
  options: { quotaBytes?: number; cloudinary?: CloudinaryAccount } = {},
): Promise<MediaHarness> {
  await using opening = new AsyncDisposableStack();
  const template = await templateDatabase(postgresUrl, 'core', (url) => migrate({ databaseUrl: url }));
  const database = opening.use(await createTestDatabase(postgresUrl, { template }));
  const db = opening.use(
    connectDatabase({
      databaseUrl: database.url,
      poolMax: 10,
      poolMin: 0,
      applicationName: 'test',
      onError: () => undefined,
    }),
  );
  const owner = opening.adopt(new pg.Pool({ connectionString: database.url, max: 2 }), (pool) => pool.end());
  const dataDir = opening.adopt(await mkdtemp(join(tmpdir(), 'vt-media-')), (path) => rm(path, { recursive: true }));
  const clock = systemClock();
  const mediaQuotaBytes = options.quotaBytes ?? 1_000_000_000;
  const now = () => clock.now();
  const media = opening.use(
    createMediaLibrary({
      dataDir,
      cloudinary: options.cloudinary ?? null,
      diskReserveBytes: 0,
      spareBytes: createSpareBytes({ db, clock, mediaQuotaBytes }),
      now,
    }),
  );
  const mediaUrls = createMediaUrls({
    store: media.store,
    key: randomBytes(32),
    origin: () => 'https://api.example',
    now,
  });
  const logger = createLogger({ app: 'test', level: 'silent' });
  const deps: MediaDependencies = {
    db,
    clock,
    logger,
    media,
    mediaUrls,
    mediaQuotaBytes,
  };
  const sql = async <Row extends pg.QueryResultRow>(query: string, values: unknown[] = []) =>
    (await owner.query<Row>(query, values)).rows;
  const opened = opening.move();

  return {
    deps,
    sql,
    async storedFiles() {
      const files = await readdir(join(dataDir, 'media/originals'), { recursive: true, withFileTypes: true }).catch(
        () => [],
      );
      return files.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
    async addOrganization() {
      const organizationId = await addOrganization(sql);
      return {
        organizationId,
        userId: null,
        role: 'editor',
        scopes: null,
        accountIds: null,
        serviceAdmin: false,
        principal: 'user:test',
      };
    },
    async upload(actor, file, { alt, deps: others = deps } = {}) {
      const upload = { source: Readable.from([file]), fileName: null };
      await using received = await receiveUpload(upload, {
        directory: others.media.incomingDirectory,
        digests: others.media.digests,
      });
      return await uploadMedia(others, actor, { file: received, alt: alt ?? null, transfer: null });
    },
    async addPost({ organizationId }, mediaId, status, where = 'post') {
      const { accountId } = await addAccount(sql, { organizationId });
      const naming = (place: NamingPlace, inThread: NamingPlace) =>
        where === place
          ? { mediaIds: [mediaId] }
          : where === inThread
            ? { thread: [{ content: 'Second' }, { content: 'Third', mediaIds: [mediaId] }] }
            : {};
      const postId = await addPost(sql, { organizationId, ...naming('post', 'thread') });
      const variant = naming('variant', 'thread of the variant');
      await addPublication(sql, { organizationId, postId, accountId, status, variant });
      return postId;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
