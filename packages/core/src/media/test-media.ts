import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Media } from '@vibetribe/contracts/media';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { migrate } from '@vibetribe/db/migrate';
import { newId } from '@vibetribe/db/new-id';
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
import { uploadMedia } from './upload-media.ts';

export interface MediaHarness extends AsyncDisposable {
  readonly deps: MediaDependencies;
  /** Names of the originals in the local store. */
  storedFiles(): Promise<string[]>;
  addOrganization(): Promise<Actor>;
  upload(actor: Actor, file: Buffer, options?: { alt?: string; deps?: MediaDependencies }): Promise<Media>;
  /** A post with one publication of this status that names the media: in the post, or in the account's variant. */
  addPost(actor: Actor, mediaId: string, status: string, where?: 'post' | 'variant'): Promise<string>;
  /** As the database's owner: for arranging and for looking. */
  sql<Row extends pg.QueryResultRow>(query: string, values?: unknown[]): Promise<Row[]>;
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
  const now = () => clock.now();
  const media = opening.use(createMediaLibrary({ dataDir, cloudinary: options.cloudinary ?? null, now }));
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
    mediaQuotaBytes: options.quotaBytes ?? 1_000_000_000,
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
      const organizationId = newId('organization');
      await sql(`insert into organizations (id, name) values ($1, 'Org')`, [organizationId]);
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
      return await uploadMedia(others, actor, { file: received, alt: alt ?? null });
    },
    async addPost({ organizationId }, mediaId, status, where = 'post') {
      const [postId, accountId, grantId] = [newId('post'), newId('account'), newId('grant')];
      await sql(`insert into grants (id, organization_id, platform, credentials) values ($1, $2, 'x', 'sealed')`, [
        grantId,
        organizationId,
      ]);
      await sql(
        `insert into accounts (id, organization_id, grant_id, platform, external_id, handle, display_name) values ($1, $2, $3, 'x', $1, 'a', 'A')`,
        [accountId, organizationId, grantId],
      );
      await sql(`insert into posts (id, organization_id, content, media_ids) values ($1, $2, 'Hello', $3)`, [
        postId,
        organizationId,
        where === 'post' ? [mediaId] : [],
      ]);
      await sql(
        `insert into publications (id, organization_id, post_id, account_id, platform, status, variant) values ($1, $2, $3, $4, 'x', $5, $6)`,
        [
          newId('publication'),
          organizationId,
          postId,
          accountId,
          status,
          where === 'variant' ? { mediaIds: [mediaId] } : {},
        ],
      );
      return postId;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
