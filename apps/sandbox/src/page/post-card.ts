import type { Account } from '../world/accounts.ts';
import type { Post } from '../world/posts.ts';
import { html, type Html } from './html.ts';

/** A post as a follower sees it. */
export function postCard(post: Post, account: Account | undefined, siteTitle: string, url: string): Html {
  return html`<article>
    <strong>${account?.displayName ?? post.account}</strong>
    <small>@${account?.handle ?? post.account} · ${siteTitle}</small>
    <p>${post.text}</p>
    ${post.media.map((medium) => html`<small>[${medium.type}${medium.alt === null ? '' : `: ${medium.alt}`}] </small>`)}
    <footer>
      <small><time datetime="${post.createdAt}">${post.createdAt.slice(0, 19).replace('T', ' ')}</time></small>
      <small><a href="${url}">${post.id}</a></small>
    </footer>
  </article>`;
}
