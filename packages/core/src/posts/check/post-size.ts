import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { ThreadPart } from '@vibetribe/contracts/post';
import type { MediaAlts } from '../../media/media-alts.ts';
import type { Variants } from './variants.ts';

/** A hundred accounts with a text and options of their own each, with room. */
const postCharactersMax = 300_000;

/** A post is read, listed and sent as a whole; all its texts and options count, however they are spread over its accounts. */
export function sizeFaults(post: {
  readonly content: string;
  readonly thread: readonly ThreadPart[];
  readonly mediaAlts: MediaAlts;
  readonly variants: Variants['variants'];
}): FieldFault[] {
  const rest = [post.thread, post.mediaAlts, post.variants ?? {}];
  const characters = post.content.length + rest.reduce((sum: number, part) => sum + JSON.stringify(part).length, 0);
  if (characters <= postCharactersMax) return [];
  const message = `all texts and options of a post together must have at most ${postCharactersMax} characters`;
  return [{ path: 'variants', message }];
}
