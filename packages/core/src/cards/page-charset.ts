import { TextDecoder } from 'node:util';

/** Bytes of a page's beginning that may tell its encoding, as browsers look for it. */
export const sniffedBytes = 1_024;

/** Finds a page's encoding by its byte order mark, its header or its own `meta`; UTF-8 where none of them names one. https://html.spec.whatwg.org/#encoding-sniffing-algorithm */
export function decoderFor(contentType: string, head: Buffer): TextDecoder {
  const told = markOf(head) ?? charsetIn(contentType) ?? charsetIn(head.toString('latin1', 0, sniffedBytes));
  try {
    return new TextDecoder(told ?? 'utf-8');
  } catch {
    return new TextDecoder();
  }
}

function markOf(head: Buffer): string | null {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : null;
}

function charsetIn(text: string): string | null {
  return /charset\s{0,10}=\s{0,10}["']?([\w:.-]{1,40})/iu.exec(text)?.[1] ?? null;
}
