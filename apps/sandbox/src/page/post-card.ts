import { z } from 'zod';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import type { PostNumbers } from '../state/audience.ts';
import { html, type Html } from './html.ts';

/** A post as a follower sees it. */
export function postCard(
  post: Post,
  numbers: PostNumbers,
  account: Account | undefined,
  { title, url }: { title: string; url: string },
): Html {
  return html`<article>
    <strong>${account?.displayName ?? post.account}</strong>
    <small>@${account?.handle ?? post.account} · ${title}</small>
    <p>${post.text}</p>
    ${post.media.map((medium) => html`<small>[${medium.type}${medium.alt === null ? '' : `: ${medium.alt}`}] </small>`)}
    ${cardOf(post)}
    <footer>
      <small><time datetime="${post.createdAt}">${post.createdAt.slice(0, 19).replace('T', ' ')}</time></small>
      <small
        >${counted(numbers.likes, 'like')}, ${counted(numbers.comments, 'comment')},
        ${counted(numbers.shares, 'share')}</small
      >
      <small><a href="${url}">${post.id}</a></small>
    </footer>
  </article>`;
}

/** A link's card, under the names that the platforms have for it. */
function cardOf({ details }: Post): Html | '' {
  const bluesky = BlueskyCard.safeParse(details).data?.embed.external;
  const linkedIn = LinkedInCard.safeParse(details).data?.article;
  const card = bluesky ?? (linkedIn === undefined ? undefined : { ...linkedIn, uri: linkedIn.source });
  if (card === undefined) return '';
  const picture = card.thumb === undefined && card.thumbnail === undefined ? '' : '[picture] ';
  return html`<p>
    <small>${picture}<a href="${card.uri}">${card.title}</a> ${card.description ?? ''}</small>
  </p>`;
}

const webAddress = z.url({ protocol: /^https?$/u });
const Card = z.object({
  title: z.string(),
  description: z.string().optional(),
  thumb: z.unknown().optional(),
  thumbnail: z.unknown().optional(),
});
const BlueskyCard = z.object({ embed: z.object({ external: Card.extend({ uri: webAddress }) }) });
const LinkedInCard = z.object({ article: Card.extend({ source: webAddress }) });

export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
