import { z } from 'zod';

export const MastodonOptions = z.strictObject({
  visibility: z.enum(['public', 'unlisted', 'private', 'direct']).optional(),
  /** Content warning, shown in place of the text; it counts towards the text's length. */
  spoilerText: z.string().max(10_000).optional(),
  /** ISO 639 code of the text's language, with an optional region. */
  language: z
    .string()
    .regex(/^[a-z]{2,3}(?:-[A-Za-z]{2,4})?$/u, { error: 'must be a language code such as en or zh-TW' })
    .optional(),
  sensitive: z.boolean().optional(),
});
export type MastodonOptions = z.infer<typeof MastodonOptions>;
