import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pdf } from '../fixtures/test-documents.ts';
import { probeDocument } from './probe-document.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'documents-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function probe(file: Buffer) {
  const path = join(folder, 'file.pdf');
  await writeFile(path, file);
  return probeDocument(path, 'application/pdf');
}

test.each([false, true])('pages are counted, with the objects packed: %s', async (packed) => {
  expect(await probe(pdf({ pages: 31, packed }))).toMatchObject({ kind: 'document', pages: 31, width: 0, height: 0 });
});

const bomb = () => {
  const packed = deflateSync(Buffer.alloc(200 * 1024 * 1024));
  return Buffer.concat([
    Buffer.from('%PDF-1.7\n<< /Type /ObjStm >>\nstream\n'),
    packed,
    Buffer.from('\nendstream\n%%EOF\n'),
  ]);
};

test.each([
  ['one that is cut off', () => pdf().subarray(0, -20), 'malformed'],
  ['one without a page', () => pdf({ pages: 0 }), 'malformed'],
  ['one behind a password', () => pdf({ extra: '5 0 obj\n<< /Encrypt 6 0 R >>\nendobj\n' }), 'unsupported'],
  ['one of more pages than anybody reads', () => pdf({ pages: 5_001, packed: true }), 'unsupported'],
  ['one that unpacks to hundreds of megabytes', bomb, 'too_costly'],
])('%s is refused', async (_what, make, code) => {
  await expect(probe(make())).rejects.toMatchObject({ code });
});

test('what cannot be unpacked is passed over', async () => {
  const broken = '7 0 obj\n<< /Type /ObjStm >>\nstream\nnot packed at all\nendstream\nendobj\n';
  expect(await probe(pdf({ extra: broken }))).toMatchObject({ pages: 2 });
});
