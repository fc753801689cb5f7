import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import { mediumOf, type ReceivedFile } from '../uploads/received-file.ts';
import type { Account } from '../state/accounts.ts';
import { PostMedium } from '../state/posts.ts';
import { createSnowflake } from '../state/snowflake.ts';
import { validationFailed } from './answers.ts';

/** A file of an account; `status` names the post that shows it. Times are of the movable clock. */
export type Attachment = z.infer<typeof Attachment>;

export type Attachments = {
  /** @throws {RefusalError} 422 */
  /** @param focus null: the middle */
  add(account: Account, file: ReceivedFile, description: string, focus: Focus | null): Attachment;
  /** One of the account's that no post shows yet. */
  get(account: Account, id: string): Attachment | undefined;
  isReady(attachment: Attachment): boolean;
  /** The picture that everybody may see under its address; undefined where there is none, or it is too large to be kept. */
  pictureOf(id: string): Promise<Buffer | undefined>;
  /** As a post may take them. @throws {RefusalError} 422 */
  attachable(account: Account, ids: readonly string[]): Attachment[];
  attachTo(status: string, attachments: readonly Attachment[]): Change[];
  ofStatus(status: string, ids: readonly string[]): Attachment[];
};

export type AttachmentLimits = {
  countMax: number;
  descriptionCharactersMax: number;
  imageBytesMax: number;
  imagePixelsMax: number;
  videoBytesMax: number;
  mimeTypes: readonly string[];
};

/** https://docs.joinmastodon.org/entities/Instance/#configuration-media_attachments: the defaults. */
export const defaultLimits: AttachmentLimits = {
  countMax: 4,
  descriptionCharactersMax: 1500,
  imageBytesMax: 16 * 1024 * 1024,
  imagePixelsMax: 33_177_600,
  videoBytesMax: 99 * 1024 * 1024,
  mimeTypes: ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'video/webm', 'video/mp4', 'video/quicktime'],
};

/** Of the second instance, whose administrator has chosen otherwise. */
export const ownLimits: AttachmentLimits = {
  countMax: 6,
  descriptionCharactersMax: 400,
  imageBytesMax: 1024 * 1024,
  imagePixelsMax: 2_000_000,
  videoBytesMax: 5 * 1024 * 1024,
  mimeTypes: ['image/jpeg', 'image/png', 'video/mp4'],
};

const processingMs = 400;
const unattachedLifeMs = 24 * 3_600_000;

export function createAttachments({ site, sandbox }: SiteContext, limits: AttachmentLimits): Attachments {
  const { store, clock, segments } = sandbox;
  const placeOf = (id: string) => `${site}-attachment-${id}`;
  const table = store.table(`${site}.attachments`, Attachment);
  const nextId = createSnowflake({
    epochMs: 0,
    sequenceBits: 16,
    wallMs: clock.wallMs,
    isTaken: (id) => table.has(id),
  });
  const isReady = ({ readyAtMs }: Attachment) => readyAtMs <= clock.nowMs();

  function get(account: Account, id: string): Attachment | undefined {
    const attachment = table.get(id);
    if (attachment?.account !== account.id || attachment.status !== null) return undefined;
    return attachment.expiresAtMs <= clock.nowMs() ? undefined : attachment;
  }

  return {
    add(account, file, description, focus) {
      const medium = mediumOf(file, description === '' ? null : description);
      checkFile(file, medium, { description, limits });
      const kind = file.mimeType === 'image/gif' ? 'gifv' : medium.type === 'image' ? 'image' : 'video';
      const nowMs = clock.nowMs();
      const attachment: Attachment = {
        id: nextId(),
        account: account.id,
        kind,
        medium,
        focus,
        status: null,
        readyAtMs: kind === 'image' ? nowMs : nowMs + processingMs,
        expiresAtMs: nowMs + unattachedLifeMs,
      };
      if (kind !== 'video' && file.bytes === file.head.length) segments.write(placeOf(attachment.id), 0, file.head);
      store.commit([table.put(attachment.id, attachment)]);
      return attachment;
    },
    async pictureOf(id) {
      const attachment = table.get(id);
      if (attachment === undefined || attachment.kind === 'video') return undefined;
      const kept = await segments.join(placeOf(id), [0], 'image').catch(() => undefined);
      return kept?.head;
    },
    get,
    isReady,
    attachable(account, ids) {
      if (ids.length > limits.countMax)
        throw new RefusalError(validationFailed(`Cannot attach more than ${limits.countMax} files`));
      const found = ids.flatMap((id) => get(account, id) ?? []);
      const missing = ids.filter((id) => get(account, id) === undefined);
      if (missing.length > 0) {
        throw new RefusalError(
          validationFailed(`Media ${missing.join(', ')} not found or already attached to another post`),
        );
      }
      if (found.length > 1 && found.some(({ kind }) => kind === 'video')) {
        throw new RefusalError(validationFailed('Cannot attach a video to a post that already contains images'));
      }
      if (!found.every(isReady)) {
        throw new RefusalError(
          validationFailed('Cannot attach files that have not finished processing. Try again in a moment!'),
        );
      }
      return found;
    },
    attachTo: (status, attachments) =>
      attachments.map((attachment) => table.put(attachment.id, { ...attachment, status })),
    ofStatus: (status, ids) =>
      ids.flatMap((id) => table.get(id) ?? []).filter((attachment) => attachment.status === status),
  };
}

function checkFile(
  file: ReceivedFile,
  medium: Attachment['medium'],
  { description, limits }: { description: string; limits: AttachmentLimits },
): void {
  const { imageBytesMax, imagePixelsMax, videoBytesMax, mimeTypes, descriptionCharactersMax } = limits;
  const refuse = (what: string) => {
    throw new RefusalError(validationFailed(what));
  };
  if (!mimeTypes.includes(file.mimeType)) refuse('File content type is invalid');
  if (file.bytes > (medium.type === 'image' ? imageBytesMax : videoBytesMax))
    refuse('File file size must be less than the limit');
  if (medium.type === 'image' && medium.width === null) refuse('File is invalid');
  if ((medium.width ?? 0) * (medium.height ?? 0) > imagePixelsMax) refuse('File image is too large');
  if (Array.from(description).length > descriptionCharactersMax) {
    refuse(`Description is too long (maximum is ${descriptionCharactersMax} characters)`);
  }
}

const Focus = z.object({ x: z.number(), y: z.number() });
type Focus = z.infer<typeof Focus>;

const Attachment = z.object({
  id: z.string(),
  account: z.string(),
  kind: z.enum(['image', 'gifv', 'video']),
  medium: PostMedium,
  focus: Focus.nullable().default(null),
  status: z.string().nullable(),
  readyAtMs: z.number(),
  expiresAtMs: z.number(),
});
