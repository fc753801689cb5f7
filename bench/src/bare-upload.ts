import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import multipart from '@fastify/multipart';
import fastify from 'fastify';

/** What uploads are held against: a handler that streams each file to a file of its own in the directory given, and looks at nothing. */
const [directory = '.'] = process.argv.slice(2);
const app = fastify();
await app.register(multipart, { limits: { fileSize: 200 * 1024 * 1024 } });
app.post('/upload', async (request, reply) => {
  const part = await request.file();
  if (part === undefined) return reply.code(400).send();
  const id = randomUUID();
  await pipeline(part.file, createWriteStream(join(directory, id)));
  return reply.code(201).send({ id });
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ port: Number(new URL(url).port) })}\n`);
// Its standard input is a pipe from whoever started it: closed when that one is gone, however it went.
process.stdin.on('end', () => process.exit(0)).resume();
