import { z } from 'zod';
import { NamedTimezone } from './timezone.ts';
import { altCharactersMax } from './media.ts';
import { GivenTime } from './given-time.ts';
import { PlatformId } from './platform-id.ts';
import { PostStatus } from './post-status.ts';
import { ErrorCategory, MisfirePolicy, PostPriority, PublicationStatus, WaitingReason } from './publication-status.ts';

const Timestamp = z.iso.datetime({ offset: true });
const Id = z.string().min(1).max(100);

/** The longest text any platform takes, with room; each platform's own limit is checked per account. */
const contentCharactersMax = 100_000;
const accountsPerPostMax = 100;
const optionsCharactersMax = 20_000;

/** Text that PostgreSQL, JSON and every platform can carry: no NUL, no half surrogate pair. */
const Text = z
  .string()
  .max(contentCharactersMax)
  .refine((text) => text.isWellFormed() && !text.includes('\0'), { error: 'must be well-formed Unicode without NUL' });

/** What a platform makes of them is told by its own schema; this only bounds them. */
const Options = z.looseObject({}).refine((options) => JSON.stringify(options).length <= optionsCharactersMax, {
  error: `must have at most ${optionsCharactersMax} characters as JSON`,
});

/** A file of the post, with an alternative text for this post alone; without one the file's own is used. */
export const MediaUse = z.strictObject({ id: Id, alt: Text.max(altCharactersMax).nullable().optional() });
export type MediaUse = z.infer<typeof MediaUse>;

const MediaUses = z.array(MediaUse).max(50);

const threadPartsMax = 50;

/** A part after the first: an answer to the one before it. */
export const ThreadPart = z.strictObject({
  content: Text,
  mediaIds: z.array(Id).max(50).optional(),
  options: Options.optional(),
});
export type ThreadPart = z.infer<typeof ThreadPart>;

const Thread = z
  .array(ThreadPart)
  .max(threadPartsMax, { error: `must have at most ${threadPartsMax} parts after the first` });

/** What is given here stands in the place of the post's own; an empty `thread` is none. */
export const Variant = z.strictObject({
  content: Text.optional(),
  mediaIds: z.array(Id).max(50).optional(),
  media: MediaUses.optional(),
  options: Options.optional(),
  thread: Thread.optional(),
});
export type Variant = z.infer<typeof Variant>;

export const Misfire = z.strictObject({
  policy: MisfirePolicy,
  maxLateSeconds: z.int().positive().max(31_536_000).optional(),
});
export type Misfire = z.infer<typeof Misfire>;

export const CreatePost = z.strictObject({
  content: Text,
  accountIds: z
    .array(Id)
    .min(1)
    .max(accountsPerPostMax)
    .refine((ids) => new Set(ids).size === ids.length, { error: 'must not name an account twice' }),
  mediaIds: z.array(Id).max(50).optional(),
  thread: Thread.optional(),
  media: MediaUses.optional(),
  scheduledAt: GivenTime.optional(),
  timezone: NamedTimezone.optional(),
  variants: z
    .record(Id, Variant)
    .refine((variants) => Object.keys(variants).length <= accountsPerPostMax, {
      error: `must have at most ${accountsPerPostMax} variants`,
    })
    .optional(),
  draft: z.boolean().optional(),
  priority: PostPriority.optional(),
  misfire: Misfire.optional(),
});
export type CreatePost = z.infer<typeof CreatePost>;

/** PUT replaces what is given; `scheduledAt: null` takes the post off the schedule. */
export const UpdatePost = CreatePost.omit({ draft: true })
  .partial()
  .extend({ scheduledAt: GivenTime.nullable().optional() });
export type UpdatePost = z.infer<typeof UpdatePost>;

export const PublicationError = z.object({
  category: ErrorCategory,
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  manual: z.object({ text: z.string(), mediaUrls: z.array(z.string()), composeUrl: z.string().nullable() }).nullable(),
});
export type PublicationError = z.infer<typeof PublicationError>;

export const WaitingFor = z.object({ reason: WaitingReason, until: Timestamp.nullable(), detail: z.string() });
export type WaitingFor = z.infer<typeof WaitingFor>;

/** One visible part of a publication: the post itself, a part of its thread, or its first comment. */
export const PublicationPart = z.object({
  /** 0 for the post itself. */
  index: z.int(),
  status: PublicationStatus,
  platformPostId: z.string().nullable(),
  url: z.string().nullable(),
});
export type PublicationPart = z.infer<typeof PublicationPart>;

/** Whether it was taken off its platform. The publication's own status tells how it went out, and stays. */
export const Removal = z.object({
  status: z.enum(['none', 'removing', 'removed', 'failed', 'unconfirmed']),
  /** What it waits for, or why it is where it is; absent where there is nothing to tell. */
  detail: z.string().optional(),
});
export type Removal = z.infer<typeof Removal>;

/** What became of the last edit after it was published. The post keeps the text that was published. */
export const PublishedEdit = z.object({
  status: z.enum(['none', 'editing', 'edited', 'failed', 'unconfirmed']),
  /** The text that was asked for last. */
  content: z.string().nullable(),
  /** The edited text that the platform has taken last; null: the one that was published. */
  liveContent: z.string().nullable(),
  detail: z.string().optional(),
});
export type PublishedEdit = z.infer<typeof PublishedEdit>;

/** Text alone; pictures, links and options stay. */
export const EditPublication = z.strictObject({ content: Text });
export type EditPublication = z.infer<typeof EditPublication>;

export const Publication = z.object({
  id: z.string(),
  accountId: z.string(),
  platform: PlatformId,
  status: PublicationStatus,
  attempts: z.int(),
  nextAttemptAt: Timestamp.nullable(),
  waitingFor: WaitingFor.nullable(),
  platformPostId: z.string().nullable(),
  url: z.string().nullable(),
  publishedAt: Timestamp.nullable(),
  lateByMs: z.int().nullable(),
  error: PublicationError.nullable(),
  parts: z.array(PublicationPart),
  removal: Removal,
  edit: PublishedEdit,
});
export type Publication = z.infer<typeof Publication>;

const Finding = z.object({ code: z.string(), message: z.string(), field: z.string() });

export const Post = z.object({
  id: z.string(),
  status: PostStatus,
  content: z.string(),
  mediaIds: z.array(z.string()),
  thread: z.array(ThreadPart),
  media: z.array(MediaUse),
  variants: z.record(z.string(), Variant),
  scheduledAt: Timestamp.nullable(),
  timezone: z.string().nullable(),
  priority: PostPriority,
  misfire: Misfire.nullable(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  publications: z.array(Publication),
  /** In the answer that schedules it: what its platforms take, but its author may not want. */
  warnings: z.array(Finding.extend({ accountId: z.string() })).optional(),
});
export type Post = z.infer<typeof Post>;

export const ValidationReport = z.object({
  valid: z.boolean(),
  results: z.array(
    z.object({ accountId: z.string(), platform: PlatformId, errors: z.array(Finding), warnings: z.array(Finding) }),
  ),
});
export type ValidationReport = z.infer<typeof ValidationReport>;

export const ResolvePublication = z.union([
  z.strictObject({
    outcome: z.literal('published'),
    platformPostId: z.string().trim().min(1).max(500).optional(),
    url: z.url().max(2000).optional(),
  }),
  z.strictObject({ outcome: z.literal('not_published'), retry: z.boolean() }),
  z.strictObject({ outcome: z.enum(['publish', 'skip']) }),
]);
export type ResolvePublication = z.infer<typeof ResolvePublication>;
