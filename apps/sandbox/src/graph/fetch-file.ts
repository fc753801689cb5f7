import { fileBytesMax, receiveFile, type ReceivedFile } from '../uploads/received-file.ts';

const timeoutMs = 15_000;

/** Fetches what an address gives, as the platform's own fetcher does. Null where there is nothing to have. */
export async function fetchFile(url: string): Promise<ReceivedFile | null> {
  if (!/^https?:\/\//iu.test(url) || !URL.canParse(url)) return null;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), headers: { 'user-agent': fetcherName } });
    if (!answer.ok || answer.body === null) return null;
    if (Number(answer.headers.get('content-length') ?? 0) > fileBytesMax) return null;
    const mimeType = (answer.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    return await receiveFile(buffersOf(answer.body), mimeType);
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

const fetcherName = 'facebookexternalhit/1.1';

async function* buffersOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const piece of body) yield Buffer.from(piece);
}
