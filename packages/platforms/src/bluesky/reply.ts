import type { VisiblePart } from '../port/account.ts';
import type { PublishRun } from '../port/publish.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { readPost } from './api.ts';

export type Ref = {
  readonly uri: string;
  readonly cid: string;
};

export type ReplyRefs = { readonly root: Ref; readonly parent: Ref };

/** What a record says that it answers: the thread's first post and the one before it, each by place and content. https://atproto.com/lexicons/app-bsky-feed#appbskyfeedpost */
export async function replyOf(run: PublishRun): Promise<ReplyRefs | null> {
  const { replyTo } = run;
  if (replyTo === null) return null;
  const root = refOf(replyTo.root);
  const parent = refOf(replyTo.parent);
  if (root !== null && parent !== null) return { root, parent };
  return run.step({
    name: 'reply',
    effect: 'read',
    run: async ({ http }) => ({
      root: root ?? (await readRef(run, http, replyTo.root)),
      parent: parent ?? (await readRef(run, http, replyTo.parent)),
    }),
  });
}

function refOf({ platformPostId: uri, reference }: VisiblePart): Ref | null {
  return typeof reference === 'string' ? { uri, cid: reference } : null;
}

async function readRef({ account }: PublishRun, http: PlatformHttp, { platformPostId: uri }: VisiblePart) {
  const stored = await readPost({ http, account, rkey: uri.split('/').at(-1) ?? '' });
  if (stored?.cid === null || stored?.cid === undefined) {
    throw new PlatformError('not_found', 'The post that this one answers is not there', {
      platformCode: 'parent_gone',
    });
  }
  return { uri, cid: stored.cid };
}
