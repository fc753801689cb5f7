import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { Variants } from './variants.ts';

/** A hundred accounts with a text and options of their own each, with room. */
const postCharactersMax = 300_000;

/** A post is read, listed and sent as a whole; all its texts and options count, however they are spread over its accounts. */
export function sizeFaults(post: { readonly content: string; readonly variants: Variants['variants'] }): FieldFault[] {
  const characters = post.content.length + JSON.stringify(post.variants ?? {}).length;
  if (characters <= postCharactersMax) return [];
  const message = `all texts and options of a post together must have at most ${postCharactersMax} characters`;
  return [{ path: 'variants', message }];
}
