import type { Dispatcher } from 'undici';
import type { PlatformResponse } from './platform-http.ts';

/** Reads an answer to its end, but no more than `bodyBytesMax`: beyond that it throws, with the code `answer_too_large`. */
export async function readAnswer(
  answer: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>,
  { receivedAt, bodyBytesMax }: { readonly receivedAt: Date; readonly bodyBytesMax: number },
): Promise<PlatformResponse> {
  const text = await readCapped(answer.body, bodyBytesMax);
  return { status: answer.statusCode, headers: flatten(answer.headers), receivedAt, json: parseJson(text), text };
}

async function readCapped(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytesRead = 0;
  for await (const chunk of body) {
    bytesRead += chunk.byteLength;
    if (bytesRead > bytesMax) throw new AnswerTooLargeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

function parseJson(text: string): unknown {
  try {
    return mayHoldUnstorable.test(text)
      ? JSON.parse(text, (_name, value: unknown) => storable(value))
      : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** PostgreSQL keeps neither of the two in text or JSON: NUL, and half of a character. Both can only come as escapes. */
const mayHoldUnstorable = /\\u(?:0000|d[89a-f])/iu;

function storable(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '\ufffd').toWellFormed() : value;
}

class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';
  readonly code = 'answer_too_large';

  constructor() {
    super('the answer is larger than this client reads');
  }
}
