import { z } from 'zod';
import { cardDescription, cardExamples, CardOption } from '../content/link-card.ts';

const langsMax = 3;
const tagsMax = 8;

const postAddress = z
  .string()
  .max(500)
  .refine((address) => postIn(address) !== null, {
    error: 'must be the address of a post, such as https://bsky.app/profile/ada.example/post/3k2a',
  });

export const BlueskyOptions = z.strictObject({
  langs: z
    .array(z.string().max(50).refine(isLanguageTag, { error: 'must be a language tag such as en or pt-BR' }))
    .max(langsMax, { error: `must not name more than ${langsMax} languages` })
    .optional()
    .meta({
      description: 'BCP 47 tags of the languages the text is in. Not given: guessed, where there is little doubt.',
      examples: [['de', 'pt-BR']],
    }),
  labels: z
    .array(z.enum(['sexual', 'nudity', 'porn', 'graphic-media']))
    .min(1)
    .max(4)
    .optional()
    .meta({ description: 'Why some may not want to see it.', examples: [['graphic-media']] }),
  tags: z
    .array(z.string().trim().min(1).max(64))
    .min(1)
    .max(tagsMax, { error: `must not name more than ${tagsMax} tags` })
    .optional()
    .meta({ description: 'Topics that do not stand in the text, without the sign.', examples: [['tea']] }),
  replies: z
    .union([
      z.literal('nobody'),
      z
        .array(z.enum(['mentioned', 'followers', 'following']))
        .min(1)
        .max(3),
    ])
    .optional()
    .meta({ description: 'Who may answer. Not given: everyone.', examples: [['mentioned', 'following']] }),
  quotes: z
    .enum(['allowed', 'off'])
    .optional()
    .meta({ description: 'Whether others may quote it. Not given: yes.', examples: ['off'] }),
  quote: postAddress.optional().meta({
    description: 'Address of the post to show below the text.',
    examples: ['https://bsky.app/profile/ada.example/post/3k2aexample22'],
  }),
  card: CardOption.optional().meta({ description: cardDescription, examples: cardExamples }),
  replyTo: postAddress.optional().meta({
    description: 'Address of the post that this one answers.',
    examples: ['https://bsky.app/profile/ada.example/post/3k2aexample22'],
  }),
});
export type BlueskyOptions = z.infer<typeof BlueskyOptions>;

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** Whose post, a handle or a DID, and under which key. */
export function postIn(address: string): { readonly author: string; readonly rkey: string } | null {
  const [, author, rkey] =
    /^at:\/\/([\w.:-]{3,260})\/app\.bsky\.feed\.post\/([2-7a-z]{13})$/u.exec(address) ??
    /^https:\/\/bsky\.app\/profile\/([\w.:-]{3,260})\/post\/([2-7a-z]{13})\/?(?:[?#].*)?$/u.exec(address) ??
    [];
  return author === undefined || rkey === undefined ? null : { author, rkey };
}
