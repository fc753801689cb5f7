import { expect, test } from 'vitest';
import { compoundFile, docx, pptx, zipOf } from '../fixtures/test-office.ts';
import { sniffType } from '../upload/sniff-type.ts';
import { probeOffice } from './probe-office.ts';

const openXml = 'application/vnd.openxmlformats-officedocument';

test.each([
  ['slides', pptx(31), { mimeType: `${openXml}.presentationml.presentation`, pages: 31 }],
  ['a text', docx(7), { mimeType: `${openXml}.wordprocessingml.document`, pages: 7 }],
  [
    'slides of before 2007',
    compoundFile('PowerPoint Document', 'a', 'b', 'c', 'd'),
    { mimeType: 'application/vnd.ms-powerpoint' },
  ],
  ['a text of before 2007', compoundFile('WordDocument', '1Table'), { mimeType: 'application/msword' }],
  [
    'a text without a count',
    zipOf({ '_rels/.rels': '', '[Content_Types].xml': '', 'word/document.xml': '' }),
    { mimeType: `${openXml}.wordprocessingml.document` },
  ],
])('%s are told by what is in them', (_what, file, facts) => {
  expect(sniffType(file).mimeType).toMatch(/^application\/(?:msword|vnd\.openxmlformats)/u);
  expect(probeOffice(file)).toEqual(facts);
});

test('an archive of anything else is not taken for one', () => {
  expect(sniffType(zipOf({ 'holiday.jpg': 'x' }))).toMatchObject({ mimeType: null, name: 'a ZIP archive' });
});

const bomb = () => pptx(1, { 'ppt/presentation.xml': Buffer.alloc(64 * 1024 * 1024) });
const circle = () => {
  const file = compoundFile('WordDocument');
  file.writeUInt32LE(1, 512 + 4);
  return file;
};

test.each([
  ['slides with macros', () => pptx(1, { 'ppt/vbaProject.bin': 'x' }), 'unsupported'],
  [
    'a text that only claims macros',
    () => docx(1, { '[Content_Types].xml': 'x.macroEnabled.main+xml' }),
    'unsupported',
  ],
  ['a text of before 2007 with macros', () => compoundFile('WordDocument', 'Macros'), 'unsupported'],
  ['one behind a password', () => compoundFile('EncryptedPackage', 'EncryptionInfo'), 'unsupported'],
  ['a table', () => zipOf({ '[Content_Types].xml': '', 'xl/workbook.xml': '' }), 'unsupported'],
  ['a table of before 2007', () => compoundFile('Workbook'), 'unsupported'],
  ['one that is cut off', () => pptx().subarray(0, -9), 'malformed'],
  ['one with something behind it', () => Buffer.concat([pptx(), Buffer.from('MZ')]), 'malformed'],
  [
    'one with something in between',
    () => Buffer.concat([pptx().subarray(0, 40), Buffer.alloc(9), pptx().subarray(40)]),
    'malformed',
  ],
  ['one that unpacks to more than anybody reads', bomb, 'too_costly'],
  ['an old one that goes round in a circle', circle, 'malformed'],
])('%s is refused', (_what, make, code) => {
  expect(() => probeOffice(make())).toThrow(expect.objectContaining({ code }));
});
