import type { OfficeMimeType } from '@vibetribe/media-rules/media-facts';
import { readCompoundNames } from '../containers/read-compound-file.ts';
import { readZipDirectory, readZipEntry, type ZipEntry } from '../containers/read-zip.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

export interface OfficeFacts {
  readonly mimeType: OfficeMimeType;
  /** Slides, or as many pages as its program has counted; absent where nothing tells. */
  readonly pages?: number;
}

const asPages = 'export it as PDF and send that';

/** Which document of an office program it is, by what is in it; nothing of it is drawn or run. @throws MediaRefusedError */
export function probeOffice(file: Buffer): OfficeFacts {
  return file.readUInt32BE(0) === 0xd0_cf_11_e0 ? probeCompound(file) : probePackage(file);
}

function probeCompound(file: Buffer): OfficeFacts {
  const names = readCompoundNames(file);
  if (names.has('EncryptedPackage')) throw isProtected();
  if (['Macros', '_VBA_PROJECT_CUR', 'VBA', '_VBA_PROJECT'].some((name) => names.has(name))) throw hasMacros();
  if (names.has('PowerPoint Document')) return { mimeType: 'application/vnd.ms-powerpoint' };
  if (names.has('WordDocument')) return { mimeType: 'application/msword' };
  throw isOther();
}

const word = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const slides = 'application/vnd.openxmlformats-officedocument.presentationml.presentation';
const partBytesMax = 16 * 1024 * 1024;

function probePackage(file: Buffer): OfficeFacts {
  const entries = new Map(readZipDirectory(file).map((entry) => [entry.name, entry]));
  if ([...entries.values()].some(({ isEncrypted }) => isEncrypted)) throw isProtected();
  const textOf = (entry: ZipEntry) => readZipEntry(file, entry, partBytesMax).toString('utf8');
  const types = entries.get('[Content_Types].xml');
  if (types === undefined) throw isOther();
  const isMacro = [...entries.keys()].some((name) => /(?:^|\/)vba[^/]*\.bin$/iu.test(name));
  if (isMacro || /macroEnabled/u.test(textOf(types))) throw hasMacros();
  const presentation = entries.get('ppt/presentation.xml');
  if (presentation !== undefined)
    return { mimeType: slides, pages: textOf(presentation).match(/<(?:\w+:)?sldId\s/gu)?.length ?? 0 };
  const [, document] = [...entries].find(([name]) => /^word\/document\d*\.xml$/u.test(name)) ?? [];
  if (document === undefined) throw isOther();
  textOf(document);
  const told = entries.get('docProps/app.xml');
  const pages = told === undefined ? null : /<Pages>(\d{1,6})<\/Pages>/u.exec(textOf(told));
  return { mimeType: word, ...(pages === null ? {} : { pages: Number(pages[1]) }) };
}

function isProtected(): MediaRefusedError {
  return new MediaRefusedError('unsupported', 'The document is protected: save it without a password.');
}

function hasMacros(): MediaRefusedError {
  return new MediaRefusedError('unsupported', `The document holds macros: ${asPages}.`);
}

function isOther(): MediaRefusedError {
  return new MediaRefusedError(
    'unsupported',
    `It is an archive, or a document of another kind than Word and PowerPoint: ${asPages}.`,
  );
}
