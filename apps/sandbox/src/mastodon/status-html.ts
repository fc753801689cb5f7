import { escapeHtml } from '../page/html.ts';
import { urlsOf } from './status-text.ts';

export type RenderContext = {
  origin: string;
  /** The handle of a local account that is meant, undefined where there is none. */
  localHandle: (name: string, host: string | undefined) => string | undefined;
};

/** The `content` of a status: paragraphs, with links, hashtags and known mentions marked up. */
export function renderContent(text: string, context: RenderContext): string {
  const clean = text.replace(/\r\n?/g, '\n').trim();
  if (clean === '') return '';
  let markup = '';
  let from = 0;
  for (const piece of piecesOf(clean, context)) {
    if (piece.start < from) continue;
    markup += escapeText(clean.slice(from, piece.start)) + piece.markup;
    from = piece.end;
  }
  markup += escapeText(clean.slice(from));
  const paragraphs = markup.split(/\n{2,}/).map((paragraph) => paragraph.replaceAll('\n', '<br />'));
  return `<p>${paragraphs.join('</p><p>')}</p>`;
}

export function hashtagsOf(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(hashtag), (match) => (match[1] ?? '').toLowerCase()))];
}

type Piece = { start: number; end: number; markup: string };

const hashtag = /(?<![\w/=&])#([\p{L}\p{M}\p{N}_]*[\p{L}\p{M}_][\p{L}\p{M}\p{N}_]*)/gu;
const mention = /(?<![=/\w])@([a-z0-9_]+)(?:@([\w.:-]+\w))?/gi;

function piecesOf(text: string, context: RenderContext): Piece[] {
  const links = urlsOf(text).map(({ url, indices }) => ({ start: indices[0], end: indices[1], markup: link(url) }));
  const tags = Array.from(text.matchAll(hashtag), (match) => {
    return pieceOf(match, hashtagLink(match[1] ?? '', context.origin));
  });
  const mentions = Array.from(text.matchAll(mention)).flatMap((match) => {
    const handle = context.localHandle(match[1] ?? '', match[2]);
    return handle === undefined ? [] : [pieceOf(match, mentionLink(handle, context.origin))];
  });
  return [...links, ...tags, ...mentions].sort((a, b) => a.start - b.start || b.end - a.end);
}

function pieceOf(match: RegExpExecArray, markup: string): Piece {
  return { start: match.index, end: match.index + match[0].length, markup };
}

/** Long addresses are shortened for the eye only. */
function link(url: string): string {
  const scheme = /^https?:\/\/(www\.)?/i.exec(url)?.[0] ?? '';
  const shown = url.slice(scheme.length, scheme.length + 30);
  const hidden = url.slice(scheme.length + 30);
  const parts = [
    `<span class="invisible">${escapeText(scheme)}</span>`,
    `<span class="${hidden === '' ? '' : 'ellipsis'}">${escapeText(shown)}</span>`,
    `<span class="invisible">${escapeText(hidden)}</span>`,
  ];
  return `<a href="${escapeHtml(url)}" target="_blank" rel="nofollow noopener noreferrer" translate="no">${parts.join('')}</a>`;
}

function hashtagLink(tag: string, origin: string): string {
  const href = `${origin}/tags/${encodeURIComponent(tag)}`;
  return `<a href="${escapeHtml(href)}" class="mention hashtag" rel="tag">#<span>${escapeText(tag)}</span></a>`;
}

function mentionLink(handle: string, origin: string): string {
  const href = escapeHtml(`${origin}/@${handle}`);
  return `<span class="h-card" translate="no"><a href="${href}" class="u-url mention">@<span>${escapeText(handle)}</span></a></span>`;
}

/** As the real one does it: named entities. */
function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
