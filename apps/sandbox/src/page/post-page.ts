import type { FastifyReply } from 'fastify';
import type { Site } from '../site.ts';
import type { SandboxState } from '../state/sandbox-state.ts';
import { sendDocument } from './document.ts';
import { html } from './html.ts';
import { postCard } from './post-card.ts';

/** The page a post's public address leads to. */
export function sendPostPage(
  reply: FastifyReply,
  site: Pick<Site, 'id' | 'title' | 'postUrl'>,
  sandbox: Pick<SandboxState, 'accounts' | 'posts' | 'audience'>,
  postId: string,
): FastifyReply {
  const post = sandbox.posts.get(site.id, postId);
  if (post === undefined) {
    const body = html`<div class="narrow">
      <h1>${site.title}</h1>
      <p>This post does not exist.</p>
    </div>`;
    return sendDocument(reply, { title: site.title, status: 404, body });
  }
  const account = sandbox.accounts.byId(site.id, post.account);
  const card = postCard(post, sandbox.audience.ofPost(post), account, { title: site.title, url: site.postUrl(post) });
  return sendDocument(reply, { title: site.title, body: html`<div class="narrow">${card}</div>` });
}
