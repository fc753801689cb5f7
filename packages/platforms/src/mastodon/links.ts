import twitterText from 'twitter-text';
import { trimmedEnd } from '../text/link-end.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * What Mastodon takes for a link and counts as one: an address with a scheme whose host has a known ending, up to where its own pattern
 * ends (`config/initializers/twitter_regex.rb` and twitter-text, read 2026-11). Scanned by hand, in time that grows with the text.
 */
export function linksIn(text: string): Span[] {
  const links: Span[] = [];
  const domainEnds = new Map<string, number>();
  const scheme = /(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini):\/\//giu;
  for (let match = scheme.exec(text); match !== null; match = scheme.exec(text)) {
    const start = match.index;
    if (!mayPrecede.test(text.slice(Math.max(0, start - 1), start))) continue;
    const hostAt = start + match[0].length;
    const domain = domainIn(text.slice(hostAt, hostAt + hostCharactersMax), domainEnds);
    if (domain === 0) continue;
    const end = endOfLink(text, start, hostAt + domain);
    links.push({ start, end });
    scheme.lastIndex = end;
  }
  return links;
}

/** Behind a letter, a digit or one of these signs there is no link. */
const mayPrecede = /^[^A-Za-z0-9@＠$#＃\uFFFE\uFEFF\uFFFF]?$/u;

const hostCharactersMax = 260;

/** With twitter-text's own list of endings. */
const domainPattern = new RegExp(`^(?:${twitterText.regexen.validDomain.source})`, 'i');

/** How much of a text that begins with a host is one with a known ending; 0: none. */
function domainIn(text: string, known: Map<string, number>): number {
  const run = /^[^\s/?#:"'<>()[\]{}|\\^`!$%&*,;=~]*/u.exec(text)?.[0] ?? '';
  const length = known.get(run) ?? domainPattern.exec(run)?.[0].length ?? 0;
  known.set(run, length);
  return length;
}

function endOfLink(text: string, start: number, domainEnd: number): number {
  const port = /:\d{1,9}/uy;
  port.lastIndex = domainEnd;
  const afterPort = domainEnd + (port.exec(text)?.[0].length ?? 0);
  const afterPath = endOfPath(text, afterPort);
  const short = shortLink.exec(text.slice(start, afterPath))?.[0];
  return short === undefined ? endOfQuery(text, afterPath) : start + short.length;
}

/** Addresses of t.co have nothing behind their code. */
const shortLink = /^https?:\/\/t\.co\/[a-z0-9]+/iu;

const pathCharacter = /[^\s<>()?]/u;
const noPathEnd = /[?!*"'「」<>;:=,.$%[\]~&|@]/u;

/** A path takes brackets in pairs, one within another at most, and does not end in punctuation. */
function endOfPath(text: string, from: number): number {
  if (text.charAt(from) !== '/') return from;
  let at = from;
  let end = from;
  while (at < text.length) {
    const group = text.charAt(at) === '(' ? endOfBrackets(text, at) : at;
    if (group > at) {
      at = group;
      end = group;
      continue;
    }
    const character = characterAt(text, at);
    if (!pathCharacter.test(character)) break;
    at += character.length;
    if (!noPathEnd.test(character)) end = at;
  }
  return end;
}

const bracketsCharactersMax = 1_000;

/** Where brackets that open here are closed; here itself where they are not, or hold nothing. */
function endOfBrackets(text: string, from: number): number {
  let depth = 0;
  let content = 0;
  for (let at = from; at < Math.min(text.length, from + bracketsCharactersMax);) {
    const character = characterAt(text, at);
    at += character.length;
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (pathCharacter.test(character)) content += 1;
    else return from;
    if (depth > 2) return from;
    if (depth === 0) return content > 0 ? at : from;
  }
  return from;
}

const queryPattern = /\?[a-z0-9!?*'();:&=+$/%#[\]\-_.,~|@^\u{A0}-\u{D7FF}\u{E000}-\u{10FFFF}]+/iuy;
const noQueryEnd = /[!?*'();:+$%[\].,~|@^]/u;

function endOfQuery(text: string, from: number): number {
  queryPattern.lastIndex = from;
  const query = queryPattern.exec(text)?.[0] ?? '';
  const kept = trimmedEnd(query.slice(1), noQueryEnd);
  return kept === '' ? from : from + 1 + kept.length;
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}
