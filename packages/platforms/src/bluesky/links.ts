import twitterText from 'twitter-text';
import { trimmedEnd } from '../text/link-end.ts';
import { characterAt, isUnspaced, mayBeginAt, type Span, startOfRun } from './boundaries.ts';

export interface Link extends Span {
  readonly uri: string;
}

/** Addresses as people write them in prose: with a scheme, or a domain of a known ending with what belongs to it. In order. */
export function linksIn(text: string): Link[] {
  const links: Link[] = [];
  // A host is looked for where none of its characters stands before it, or its pattern would be tried at each of them.
  const candidate = /https?:\/\/|(?<![a-z0-9-])[a-z0-9-]+(?:\.[a-z0-9-]+)+/giu;
  for (let match = candidate.exec(text); match !== null; match = candidate.exec(text)) {
    const link = match[0].endsWith('://') ? linkWithScheme(text, match.index) : bareLink(text, match.index, match[0]);
    if (link === null) continue;
    links.push(link);
    candidate.lastIndex = link.end;
  }
  return links;
}

function linkWithScheme(text: string, start: number): Link | null {
  if (/[a-z0-9]/iu.test(text.charAt(start - 1))) return null;
  const schemeEnd = text.indexOf('//', start) + 2;
  const end = endOfAddress(text, schemeEnd, trailingOf(text, start));
  const uri = text.slice(start, end);
  return end > schemeEnd && URL.canParse(uri) ? { start, end, uri } : null;
}

/** With twitter-text's list of endings: `example.com` is a link, `end.Then` is two sentences. */
const domainPattern = new RegExp(`^(?:${twitterText.regexen.validDomain.source})`, 'i');
const domainCharactersMax = 253;

function bareLink(text: string, runStart: number, run: string): Link | null {
  const start = runStart + (/^-*/u.exec(run)?.[0].length ?? 0);
  if (!mayBeginAt(text, start)) return null;
  const host = run.slice(start - runStart).slice(0, domainCharactersMax + 1);
  const domain = domainPattern.exec(host)?.[0] ?? '';
  const isMail = /[@+]/u.test(text.charAt(start + domain.length));
  if (domain === '' || domain.length > domainCharactersMax || isMail) return null;
  const port = /:\d{1,5}(?!\d)/uy;
  port.lastIndex = start + domain.length;
  const afterPort = start + domain.length + (port.exec(text)?.[0].length ?? 0);
  const end = /[/?#]/u.test(text.charAt(afterPort))
    ? endOfAddress(text, afterPort, trailingOf(text, start))
    : afterPort;
  const uri = `https://${text.slice(start, end)}`;
  return URL.canParse(uri) ? { start, end, uri } : null;
}

/** What ends an address wherever it stands: space, quotes, dashes, punctuation of other scripts, pictures, and what is not seen. */
const stop =
  /[\s\p{Cc}\p{Cf}\p{Extended_Pictographic}\p{Regional_Indicator}\uFE0F\u20E3<>"`{}|\\^]|(?!·)[^\P{P}\0-\x7f]|[^\P{S}\0-\x7f]/u;
const closers: Readonly<Record<string, string>> = { ')': '(', ']': '[' };
const trailing = /[.,;:!?'*]/u;
const trailingInMarkup = /[.,;:!?'*_~]/u;

/** Behind `_` or `~` these belong to the markup at the other end, too. */
function trailingOf(text: string, start: number): RegExp {
  return startOfRun(text, start) < start ? trailingInMarkup : trailing;
}

function endOfAddress(text: string, from: number, isTrailing: RegExp): number {
  const open: Record<string, number> = { '(': 0, '[': 0 };
  let at = from;
  let previous = '/';
  while (at < text.length) {
    const character = characterAt(text, at);
    if (stop.test(character)) break;
    // Letters of such a script belong to an address only where one of its parts begins with them.
    if (isUnspaced(character) && /[a-z0-9]/iu.test(previous)) break;
    const opener = closers[character];
    if (opener !== undefined) {
      if ((open[opener] ?? 0) === 0) break;
      open[opener] = (open[opener] ?? 0) - 1;
    } else if (character in open) open[character] = (open[character] ?? 0) + 1;
    at += character.length;
    previous = character;
  }
  return from + trimmedEnd(text.slice(from, at), isTrailing).length;
}
