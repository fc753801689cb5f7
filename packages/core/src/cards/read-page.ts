import type { Dispatcher } from 'undici';
import { whyUnread } from '../fetching/fetch-error.ts';
import { fetchGuarded } from '../fetching/fetch-guarded.ts';
import { decoderFor, sniffedBytes } from './page-charset.ts';
import { createPageParser, type PageFacts } from './parse-page.ts';

export interface ReadPage {
  readonly facts: PageFacts;
  /** Why the page was not read to the end of its head, in words; null where it was. */
  readonly why: string | null;
}

const nothing: PageFacts = { title: null, description: null, imageUrl: null };
const types = /^(?:text\/html|application\/xhtml\+xml)(?:;|$)/u;

/** Reads a page's head, up to `bytesMax`. What came before it broke off, or took too long, counts. Never rejects. */
export async function readPage(
  dispatcher: Dispatcher,
  url: string,
  { bytesMax, signal }: { readonly bytesMax: number; readonly signal: AbortSignal },
): Promise<ReadPage> {
  let facts = () => nothing;
  try {
    const page = await fetchGuarded(dispatcher, url, { types, signal });
    const parser = createPageParser(page.url);
    facts = () => parser.facts();
    for await (const text of textOf(page, bytesMax)) {
      parser.write(text);
      if (parser.isOver()) return { facts: parser.facts(), why: null };
    }
    return { facts: parser.facts(), why: null };
  } catch (error) {
    return { facts: facts(), why: whyUnread(error, signal) };
  }
}

/** The body's first `bytesMax` bytes; the rest is not asked for. */
async function* textOf(
  { contentType, body }: { readonly contentType: string; readonly body: AsyncIterable<Uint8Array> },
  bytesMax: number,
): AsyncGenerator<string> {
  let decoder: ReturnType<typeof decoderFor> | null = null;
  let head = Buffer.alloc(0);
  let bytes = 0;
  try {
    for await (const piece of body) {
      const part = piece.subarray(0, bytesMax - bytes);
      bytes += part.byteLength;
      if (decoder === null) {
        head = Buffer.concat([head, part]);
        if (head.length < sniffedBytes && bytes < bytesMax) continue;
        decoder = decoderFor(contentType, head);
        yield decoder.decode(head, { stream: true });
      } else yield decoder.decode(part, { stream: true });
      if (bytes >= bytesMax) return;
    }
  } catch (error) {
    // The page broke off before its encoding could be told.
    if (decoder === null) yield decoderFor(contentType, head).decode(head);
    throw error;
  }
  if (decoder === null) yield decoderFor(contentType, head).decode(head);
}
