import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { CreatePost } from '@vibetribe/contracts/post';
import type { AccountContent } from './content-faults.ts';
import { altsOf } from '../../media/media-alts.ts';
import { accountFaults, type PostAccounts } from '../store/post-accounts.ts';
import type { PostMedia } from './post-media.ts';
import { sizeFaults } from './post-size.ts';
import { variantFaults, variantOf } from './variants.ts';

/** What is wrong whatever the platform: what the request names that is not there, and its size. */
export function referenceFaults(input: CreatePost, accounts: PostAccounts, media: PostMedia): FieldFault[] {
  return [
    ...accountFaults(input.accountIds, accounts),
    ...variantFaults(input, input.accountIds, media),
    ...sizeFaults({
      content: input.content,
      thread: input.thread ?? [],
      mediaAlts: altsOf(input.media),
      variants: input.variants,
    }),
  ];
}

/** What goes to each account that exists. */
export function contentsOf(input: CreatePost, accounts: PostAccounts): AccountContent[] {
  return input.accountIds.flatMap((id) => {
    const account = accounts.get(id);
    if (account === undefined) return [];
    const variant = variantOf(input.variants, id);
    const { content, mediaIds = [], thread = [] } = input;
    return [{ account, content, mediaIds, mediaAlts: altsOf(input.media), thread, variant }];
  });
}
