import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

const boundary = 'vibetribe-bench';
const head = Buffer.from(
  `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\nContent-Type: video/mp4\r\n\r\n`,
);
const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
/** At the file's end, where its data are: no two uploads have the same content. */
const differentBytes = 16;

/** Uploads a file and waits for the answer. @throws Error where it is not 201 */
export async function sendVideo(url: string, file: Buffer, headers: Readonly<Record<string, string>>): Promise<void> {
  const sent = request(url, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + file.length + tail.length,
    },
  });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  for (const piece of [head, file.subarray(0, -differentBytes), randomBytes(differentBytes)]) sent.write(piece);
  sent.end(tail);
  const [answer] = await answered;
  const body = await text(answer);
  if (answer.statusCode !== 201) throw new Error(`the upload answered ${answer.statusCode}: ${body.slice(0, 300)}`);
}
