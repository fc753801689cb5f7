import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { MultipartForm } from '../uploads/multipart-form.ts';
import type { ReceivedFile } from '../uploads/received-file.ts';
import { apiError, invalidForm } from './answers.ts';

export type MessageFile = { fileName: string; file: ReceivedFile; description: string | null };

export type Embed = z.infer<typeof Embed>;

export type MessageBody = {
  embeds: readonly Embed[];
  files: readonly MessageFile[];
  content: string;
  nonce: string | number | undefined;
  enforceNonce: boolean;
  flags: number;
  allowedMentions: object | undefined;
};

export const contentMax = 2000;
const nonceMax = 25;
/** https://docs.discord.com/developers/reference#uploading-files */
export const filesMax = 10;
const fileBytesMax = 10 * 1024 * 1024;
/** SUPPRESS_EMBEDS and SUPPRESS_NOTIFICATIONS: what a message may be made with. */
const settableFlags = (1 << 2) | (1 << 12);

/** Unknown fields are ignored, as the real one does. @throws {RefusalError} 400 */
export function parseMessageBody(body: unknown): MessageBody {
  return messageIn(payloadIn(body), body instanceof MultipartForm ? body.files : []);
}

export type ForumPost = { readonly name: string; readonly appliedTags: readonly string[] | undefined };

/** https://docs.discord.com/developers/resources/channel#start-thread-in-forum-or-media-channel @throws {RefusalError} 400 */
export function parseForumPost(body: unknown): ForumPost & { readonly message: MessageBody } {
  const { name, applied_tags: appliedTags, message } = parseWith(ForumForm, payloadIn(body));
  return { name, appliedTags, message: messageIn(message, body instanceof MultipartForm ? body.files : []) };
}

type SentFile = MultipartForm['files'][number];

function messageIn(payload: unknown, sent: readonly SentFile[]): MessageBody {
  const parsed = parseWith(MessageForm, payload);
  const { content, nonce, enforce_nonce, flags, attachments, embeds, allowed_mentions } = parsed;
  const text = (content ?? '').trim();
  if (sent.length > filesMax || sent.some(({ file }) => file.bytes > fileBytesMax)) {
    throw new RefusalError(apiError(413, 40_005, 'Request entity too large'));
  }
  if (text === '' && sent.length === 0 && (embeds ?? []).length === 0)
    throw new RefusalError(apiError(400, 50_006, 'Cannot send an empty message'));
  const descriptions = new Map((attachments ?? []).map(({ id, description }) => [`files[${id}]`, description ?? null]));
  const files = sent.map(({ name, fileName, file }) => ({
    fileName,
    file,
    description: descriptions.get(name) ?? null,
  }));
  return {
    files,
    embeds: embeds ?? [],
    content: text,
    nonce: nonce ?? undefined,
    enforceNonce: enforce_nonce ?? false,
    flags: (flags ?? 0) & settableFlags,
    allowedMentions: allowed_mentions ?? undefined,
  };
}

export type MessageEdit = {
  /** Undefined: as it was. */
  content: string | null | undefined;
  allowedMentions: object | undefined;
};

/** @throws {RefusalError} 400 */
export function parseMessageEdit(body: unknown): MessageEdit {
  const { content, allowed_mentions } = parseWith(MessageForm, payloadIn(body));
  return { content, allowedMentions: allowed_mentions ?? undefined };
}

/** @throws {RefusalError} 400 */
function parseWith<Form>(form: z.ZodType<Form>, payload: unknown): Form {
  const parsed = form.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw new RefusalError(
    invalidForm(
      parsed.error.issues.map(({ path, message, code }) => ({
        path: path.map(String),
        code: code === 'custom' ? 'BASE_TYPE_MAX_LENGTH' : 'BASE_TYPE_BAD_TYPE',
        message,
      })),
    ),
  );
}

/** @throws {RefusalError} 400 */
export function payloadIn(body: unknown): unknown {
  return body instanceof MultipartForm ? payloadOf(body) : (body ?? {});
}

/** @throws {RefusalError} 400 */
function payloadOf({ fields }: MultipartForm): unknown {
  try {
    return JSON.parse(fields['payload_json'] ?? '{}');
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new RefusalError(apiError(400, 50_109, 'The request body contains invalid JSON.'));
    throw error;
  }
}

const atMost = (max: number) => (text: string) => Array.from(text).length <= max;

const text = (max: number) => z.string().refine(atMost(max), `Must be ${max} or fewer in length.`);
const address = z.string().regex(/^(?:https?|attachment):\/\//u, 'Not a well formed URL.');

/** https://docs.discord.com/developers/resources/message#embed-object-embed-limits */
export const Embed = z.object({
  title: text(256).optional(),
  description: text(4096).optional(),
  url: address.optional(),
  timestamp: z.string().optional(),
  color: z.int().min(0).max(0xff_ff_ff).optional(),
  footer: z.object({ text: text(2048), icon_url: address.optional() }).optional(),
  image: z.object({ url: address }).optional(),
  thumbnail: z.object({ url: address }).optional(),
  author: z.object({ name: text(256), url: address.optional(), icon_url: address.optional() }).optional(),
  fields: z
    .array(z.object({ name: text(256), value: text(1024), inline: z.boolean().optional() }))
    .max(25)
    .optional(),
});

const embedsMax = 10;
const embedCharactersMax = 6000;

/** An embed of an address or a colour alone is refused. */
function isShown({ title, description, footer, image, thumbnail, author, fields = [] }: Embed): boolean {
  const texts = [title, description].filter((given = '') => given.trim() !== '');
  const parts = [footer, image, thumbnail, author].filter((part) => part !== undefined);
  return texts.length + parts.length + fields.length > 0;
}

/** Of all embeds of a message together. */
function charactersOf(embeds: readonly Embed[]): number {
  const texts = embeds.flatMap(({ title, description, footer, author, fields = [] }) => [
    title,
    description,
    footer?.text,
    author?.name,
    ...fields.flatMap(({ name, value }) => [name, value]),
  ]);
  return texts.reduce((sum, each = '') => sum + Array.from(each).length, 0);
}

const Snowflake = z.string().regex(/^\d{1,20}$/u, 'Value is not snowflake.');

const MessageForm = z.object({
  embeds: z
    .array(Embed.refine(isShown, { path: ['description'], error: 'This field is required' }))
    .max(embedsMax, `Must be ${embedsMax} or fewer in length.`)
    .refine((embeds) => charactersOf(embeds) <= embedCharactersMax, {
      error: `Embed size exceeds maximum size of ${embedCharactersMax}`,
    })
    .nullish(),
  content: z.string().refine(atMost(contentMax), `Must be ${contentMax} or fewer in length.`).nullish(),
  nonce: z.union([z.string().refine(atMost(nonceMax), `Must be ${nonceMax} or fewer in length.`), z.int()]).nullish(),
  enforce_nonce: z.boolean().nullish(),
  flags: z.int().nullish(),
  attachments: z
    .array(
      z.object({
        id: z.union([z.int(), z.string()]),
        description: z.string().refine(atMost(1024), 'Must be 1024 or fewer in length.').nullish(),
      }),
    )
    .nullish(),
  allowed_mentions: z
    .object({
      parse: z.array(z.enum(['roles', 'users', 'everyone'])).nullish(),
      users: z.array(Snowflake).max(100).nullish(),
      roles: z.array(Snowflake).max(100).nullish(),
    })
    .refine(
      ({ parse, users, roles }) =>
        !(parse?.includes('users') === true && (users ?? []).length > 0) &&
        !(parse?.includes('roles') === true && (roles ?? []).length > 0),
      'Mutually exclusive',
    )
    .nullish(),
});

const ForumForm = z.object({
  name: z
    .string()
    .min(1, 'Must be between 1 and 100 in length.')
    .refine(atMost(100), 'Must be 100 or fewer in length.'),
  applied_tags: z.array(Snowflake).max(5, 'Must be 5 or fewer in length.').optional(),
  message: z.unknown().refine((message) => typeof message === 'object' && message !== null, 'This field is required'),
});
