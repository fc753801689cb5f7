import { z } from 'zod';

const langsMax = 3;

export const BlueskyOptions = z.strictObject({
  /** BCP 47 tags of the languages the text is in. */
  langs: z
    .array(z.string().max(50).refine(isLanguageTag, { error: 'must be a language tag such as en or pt-BR' }))
    .max(langsMax, { error: `must not name more than ${langsMax} languages` })
    .optional(),
});
export type BlueskyOptions = z.infer<typeof BlueskyOptions>;

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
