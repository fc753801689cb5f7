import { randomUUID } from 'node:crypto';
import type { ByteStream, MultipartPart, PlatformRequest } from '../port/platform-http.ts';

/** A request body as it goes out; `contentType` is undefined where the caller's headers name it. */
export interface EncodedBody extends ByteStream {
  readonly contentType: string | undefined;
}

export function encodeBody(body: PlatformRequest['body']): EncodedBody | null {
  if (body === undefined) return null;
  if ('json' in body) return whole(Buffer.from(JSON.stringify(body.json)), 'application/json');
  if ('form' in body) {
    return whole(Buffer.from(new URLSearchParams(body.form).toString()), 'application/x-www-form-urlencoded');
  }
  if ('bytes' in body) return whole(body.bytes, undefined);
  if ('stream' in body) return { ...body.stream, contentType: undefined };
  return multipart(body.multipart, `vibetribe-${randomUUID()}`);
}

function whole(bytes: Uint8Array, contentType: string | undefined): EncodedBody {
  return { byteLength: bytes.byteLength, contentType, open: () => pieces([bytes]) };
}

/** https://www.rfc-editor.org/rfc/rfc7578 */
function multipart(parts: readonly MultipartPart[], boundary: string): EncodedBody {
  const streams = parts.flatMap((part) => {
    const head = `--${boundary}\r\n${headOf(part)}\r\n\r\n`;
    return 'value' in part ? [text(`${head}${part.value}\r\n`)] : [text(head), part.stream, text('\r\n')];
  });
  const all = [...streams, text(`--${boundary}--\r\n`)];
  return {
    byteLength: all.reduce((sum, { byteLength }) => sum + byteLength, 0),
    contentType: `multipart/form-data; boundary=${boundary}`,
    open: () => concatenated(all),
  };
}

function headOf(part: MultipartPart): string {
  const disposition = `Content-Disposition: form-data; name="${checkedName(part.name)}"`;
  if ('value' in part) return disposition;
  return `${disposition}; filename="${checkedName(part.fileName)}"\r\nContent-Type: ${checkedName(part.contentType)}`;
}

function checkedName(name: string): string {
  if (/^[^"\r\n]+$/.test(name)) return name;
  throw new RangeError('a name in a form must not hold quotes or line ends');
}

function text(content: string): ByteStream {
  const bytes = Buffer.from(content);
  return { byteLength: bytes.byteLength, open: () => pieces([bytes]) };
}

async function* concatenated(streams: readonly ByteStream[]): AsyncGenerator<Uint8Array> {
  for (const stream of streams) yield* stream.open();
}

async function* pieces(list: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* list;
}
