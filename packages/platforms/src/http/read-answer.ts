import type { Dispatcher } from 'undici';
import type { PlatformResponse } from '../port/platform-http.ts';

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

/** Undefined for what is no JSON, and for more of it than any platform has to say: a schema looks at each value, and tells of each that is wrong. */
function parseJson(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    if (!isModest(json)) return undefined;
    return mayHoldUnstorable.test(text) ? JSON.parse(text, (_name, value: unknown) => storable(value)) : json;
  } catch {
    return undefined;
  }
}

const valuesMax = 30_000;
const levelsMax = 100;

function isModest(json: unknown): boolean {
  let level = [json];
  let values = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levelsMax) return false;
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      const inside: unknown[] = Array.isArray(value) ? value : Object.values(value);
      values += inside.length;
      if (values > valuesMax) return false;
      next.push(...inside);
    }
    level = next;
  }
  return true;
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
