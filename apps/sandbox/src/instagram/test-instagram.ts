import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

export let sandbox: TestSandbox;
export let ada: TestAccount;
export let files: Awaited<ReturnType<typeof startFiles>>;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  files = await startFiles();
  ada = await sandbox.account('instagram', 'ada');
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  await files.close();
});
export const Id = z.looseObject({ id: z.string() });
const v = (path: string) => `/graph/v25.0/${path}`;
export const post = (path: string, form: Record<string, string>, token = ada.accessToken) =>
  sandbox.send(v(path), { token, form });
export const read = async (path: string, token = ada.accessToken) => (await sandbox.send(v(path), { token })).body;
export const later = (ms: number) => sandbox.send('/_sandbox/clock', { json: { advanceMs: ms } });
export const faultOf = (body: unknown) => {
  const { error } = z
    .object({ error: z.looseObject({ code: z.int(), error_subcode: z.int().optional() }) })
    .parse(body);
  return [error.code, error.error_subcode].join('/');
};
export const visible = async (account = ada.account.id) =>
  z
    .object({ items: z.array(z.looseObject({ id: z.string(), text: z.string(), media: z.array(z.unknown()) })) })
    .parse((await sandbox.send(`/_sandbox/posts?platform=instagram&account=${account}`)).body).items;
export const status = async (id: string) =>
  z.looseObject({ status_code: z.string() }).parse(await read(`${id}?fields=status_code,status`));

export function jpegOf(width: number, height: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  return Buffer.concat([
    Buffer.of(0xff, 0xd8, 0xff, 0xe0, 0, 16),
    Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1'),
    Buffer.of(0xff, 0xc0, 0, 11, 8),
    size,
    Buffer.of(1, 1, 0x11, 0, 0xff, 0xd9),
  ]);
}

async function startFiles() {
  const known = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const file = known.get(request.url ?? '');
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    add(ending: string, file: Buffer) {
      const path = `/${known.size}.${ending}`;
      known.set(path, file);
      return `${origin}${path}`;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
