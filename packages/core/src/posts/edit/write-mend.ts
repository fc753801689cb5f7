import type { PublicationError, UpdatePost } from '@vibetribe/contracts/post';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { partContents } from '../../content/part-contents.ts';
import { manualOptions } from '../../publishing/record/manual-options.ts';
import { forgetAllSteps, forgetPreparedSteps } from '../../publishing/store/forget-prepared-steps.ts';
import type { FoundPost, PostRow } from '../store/find-post.ts';
import type { Mended, MendPlan } from './plan-mend.ts';
import type { PostAccounts } from '../store/post-accounts.ts';
import { takeTransitions } from '../store/take-transitions.ts';
import { storeTextKeys } from '../store/text-key.ts';
import { storeVariants, writePost } from './write-edit.ts';

/** Of what failed nothing is kept that belonged to its old content. */
export async function writeMend(
  tx: Transaction,
  deps: Pick<CoreDependencies, 'adapters'>,
  facts: { readonly before: PostRow; readonly accounts: PostAccounts },
  { mended, rows }: MendPlan,
  change: UpdatePost,
): Promise<FoundPost> {
  const post = await writePost(tx, facts.before, change);
  await storeVariants(tx, rows);
  await storeTextKeys(tx, post, rows);
  const failed = new Map(mended.flatMap((one) => (one.row.status === 'failed' ? [[one.row.id, one]] : [])));
  await forgetAllSteps(tx, [...failed.keys()]);
  await forgetPreparedSteps(
    tx,
    mended.map(({ row }) => row.id),
  );
  const taken = await takeTransitions(tx, rows, ({ id }) => {
    const one = failed.get(id);
    return one === undefined ? null : { type: 'edit', manual: manualAfter(deps, post, one, facts.accounts) };
  });
  return { post, publications: taken.rows };
}

/** Null where the files are other ones: their addresses are made where it is sent. */
function manualAfter(
  { adapters }: Pick<CoreDependencies, 'adapters'>,
  post: PostRow,
  { row, keepsMedia }: Mended,
  accounts: PostAccounts,
): PublicationError['manual'] {
  const manual = row.error?.manual ?? null;
  const account = accounts.get(row.accountId)?.adapterAccount;
  if (manual === null || account === undefined || !keepsMedia) return null;
  const adapter = adapters[row.platform];
  const [first, ...others] = partContents(adapter, post, row.variant);
  const { content } = [first, ...others][row.parts.length] ?? first;
  return manualOptions(adapter, { account, content }, manual.mediaUrls);
}
