import { trimmedEnd } from '../text/link-end.ts';
import { mayBeginAt, type Span } from './boundaries.ts';

/** https://atproto.com/specs/handle */
const handlePattern = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/u;

/** @param given in lower case */
export function isHandle(given: string): boolean {
  return handlePattern.test(given);
}

export interface Mention extends Span {
  /** In lower case. */
  readonly handle: string;
}

export function mentionsIn(text: string): Mention[] {
  return [...text.matchAll(/@([a-z0-9.-]+)/giu)].flatMap((match) => {
    const handle = trimmedEnd(match[1] ?? '', /[.-]/u);
    const end = match.index + 1 + handle.length;
    // `@ada@social.example` is somebody on another network.
    if (text.charAt(end) === '@' || !isHandle(handle.toLowerCase()) || !mayBeginAt(text, match.index)) return [];
    return [{ start: match.index, end, handle: handle.toLowerCase() }];
  });
}

/** The handles a text mentions, in lower case, each once. */
export function handlesMentioned(text: string): string[] {
  return [...new Set(mentionsIn(text).map(({ handle }) => handle))];
}
