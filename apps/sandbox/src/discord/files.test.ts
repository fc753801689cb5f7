import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let news: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

type File = readonly [content: Buffer, name: string, type: string];

/** A message with files, as a form; each test in a channel of its own. */
async function post(message: object, files: readonly File[]) {
  const form = new FormData();
  form.set('payload_json', JSON.stringify(message));
  for (const [index, [content, name, type]] of files.entries())
    form.set(`files[${index}]`, new Blob([new Uint8Array(content)], { type }), name);
  const url = `${sandbox.running.url}/discord/api/v10/channels/${news.account.id}/messages`;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bot ${news.accessToken}` },
    body: form,
  });
  return {
    status: answer.status,
    body: z.looseObject({ id: z.string().optional(), code: z.int().optional() }).parse(await answer.json()),
  };
}

async function shown() {
  const { body } = await sandbox.send(`/_sandbox/posts?platform=discord&account=${news.account.id}`);
  return z
    .object({ items: z.array(z.object({ text: z.string(), media: z.array(z.unknown()) })), commits: z.int() })
    .parse(body);
}

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const open = async (name: string) => {
  news = await sandbox.account('discord', name);
};

test('files are shown in their order, with size, digest and description, and the message lists them', async () => {
  await open('album');
  const [picture, film] = [pngOf(20, 10), Buffer.from('a film')];
  const attachments = [{ id: 0, description: 'Grey' }, { id: 1 }];
  const { status, body } = await post({ content: 'Look', attachments }, [
    [picture, 'a.png', 'image/png'],
    [film, 'b.mp4', 'video/mp4'],
  ]);
  expect([status, body]).toMatchObject([
    200,
    {
      attachments: [
        { filename: 'a.png', size: picture.length, width: 20, height: 10, description: 'Grey' },
        { filename: 'b.mp4', size: film.length },
      ],
    },
  ]);
  expect(await shown()).toMatchObject({
    items: [
      {
        text: 'Look',
        media: [
          { type: 'image', bytes: picture.length, sha256: sha256(picture), width: 20, height: 10, alt: 'Grey' },
          { type: 'video', bytes: film.length, sha256: sha256(film), width: null, alt: null },
        ],
      },
    ],
  });
});

test('an attachment’s address serves the file to anybody, with the type of its bytes, until the message goes', async () => {
  await open('served');
  const picture = pngOf(20, 10);
  const { body } = await post({}, [
    [Buffer.from('a film'), 'b.mp4', 'video/mp4'],
    [picture, 'a b.png', 'application/octet-stream'],
  ]);
  const { id, attachments } = z
    .object({ id: z.string(), attachments: z.array(z.object({ url: z.url(), content_type: z.string() })) })
    .parse(body);
  expect(attachments.map(({ content_type: type }) => type)).toEqual(['video/mp4', 'image/png']);
  const served = await fetch(attachments[1]?.url ?? '');
  expect([served.status, served.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect(Buffer.from(await served.arrayBuffer()).equals(picture)).toBe(true);
  const path = `/discord/api/v10/channels/${news.account.id}/messages/${id}`;
  await sandbox.send(path, { method: 'DELETE', headers: { authorization: `Bot ${news.accessToken}` } });
  expect((await fetch(attachments[1]?.url ?? '')).status).toBe(404);
});

test('a file without a text is a message; without both there is none', async () => {
  await open('wordless');
  expect((await post({}, [[pngOf(2, 2), 'a.png', 'image/png']])).status).toBe(200);
  expect(await post({ content: ' ' }, [])).toMatchObject({ status: 400, body: { code: 50_006 } });
});

test('under a nonce that is known the same message comes back, and its files are not shown twice', async () => {
  await open('again');
  const message = { content: 'Once', nonce: 'n-1', enforce_nonce: true };
  const first = await post(message, [[pngOf(3, 3), 'a.png', 'image/png']]);
  expect((await post(message, [[pngOf(3, 3), 'a.png', 'image/png']])).body.id).toBe(first.body.id);
  expect(await shown()).toMatchObject({ commits: 1, items: [{ media: [{}] }] });
});

test('eleven files, a file of more than 10 MB and too long a description are refused, and nothing is shown', async () => {
  await open('too-much');
  const small: File = [pngOf(2, 2), 'a.png', 'image/png'];
  expect(
    await post(
      {},
      Array.from({ length: 11 }, () => small),
    ),
  ).toMatchObject({ status: 413, body: { code: 40_005 } });
  const large: File = [Buffer.alloc(10 * 1024 * 1024 + 1), 'a.mp4', 'video/mp4'];
  expect(await post({}, [large])).toMatchObject({ status: 413, body: { code: 40_005 } });
  const attachments = [{ id: 0, description: 'x'.repeat(1_025) }];
  expect(await post({ attachments }, [small])).toMatchObject({ status: 400, body: { code: 50_035 } });
  expect(await shown()).toMatchObject({ commits: 0, items: [] });
});
