import { z } from 'zod';
import { Refusal } from '../answer.ts';
import { apiError, invalidForm } from './answers.ts';

export type MessageBody = { content: string; nonce: string | number | undefined; enforceNonce: boolean; flags: number };

export const contentMax = 2000;
const nonceMax = 25;
/** SUPPRESS_EMBEDS and SUPPRESS_NOTIFICATIONS: what a message may be made with. */
const settableFlags = (1 << 2) | (1 << 12);

/** Unknown fields are ignored, as the real one does. @throws {Refusal} 400 */
export function parseMessageBody(body: unknown): MessageBody {
  const parsed = MessageForm.safeParse(body ?? {});
  if (!parsed.success) {
    throw new Refusal(
      invalidForm(
        parsed.error.issues.map(({ path, message, code }) => ({
          path: path.map(String),
          code: code === 'custom' ? 'BASE_TYPE_MAX_LENGTH' : 'BASE_TYPE_BAD_TYPE',
          message,
        })),
      ),
    );
  }
  const { content, nonce, enforce_nonce, flags } = parsed.data;
  const text = (content ?? '').trim();
  if (text === '') throw new Refusal(apiError(400, 50_006, 'Cannot send an empty message'));
  return {
    content: text,
    nonce: nonce ?? undefined,
    enforceNonce: enforce_nonce ?? false,
    flags: (flags ?? 0) & settableFlags,
  };
}

const within = (max: number) => (text: string) => Array.from(text).length <= max;

const MessageForm = z.object({
  content: z.string().refine(within(contentMax), `Must be ${contentMax} or fewer in length.`).nullish(),
  nonce: z.union([z.string().refine(within(nonceMax), `Must be ${nonceMax} or fewer in length.`), z.int()]).nullish(),
  enforce_nonce: z.boolean().nullish(),
  flags: z.int().nullish(),
  allowed_mentions: z.object({ parse: z.array(z.enum(['roles', 'users', 'everyone'])).nullish() }).nullish(),
});
