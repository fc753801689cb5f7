import { MediaRefusedError } from '../media-refused-error.ts';

const headSectors = 109;
const entryBytes = 128;
const entriesMax = 20_000;
/** Above it are marks: free, end of a chain. */
const sectorMax = 0xff_ff_ff_fa;

/**
 * Names of what a compound file holds: Word and PowerPoint of before 2007. [MS-CFB], https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-cfb, read 2026-11.
 * @throws MediaRefusedError
 */
export function readCompoundNames(file: Buffer): ReadonlySet<string> {
  const shift = file.readUInt16LE(30);
  if (shift !== 9 && shift !== 12) throw malformed();
  const sectorBytes = 1 << shift;
  const sectorAt = (sector: number): number => {
    const at = (sector + 1) * sectorBytes;
    if (sector > sectorMax || at + sectorBytes > file.length) throw malformed();
    return at;
  };
  const perSector = sectorBytes / 4;
  const tables = tableSectors(file, sectorAt, perSector);
  const next = (sector: number): number => {
    const table = tables[Math.floor(sector / perSector)];
    if (table === undefined) throw malformed();
    return file.readUInt32LE(sectorAt(table) + (sector % perSector) * 4);
  };
  const names = new Set<string>();
  let read = 0;
  for (let sector = file.readUInt32LE(48); sector <= sectorMax; sector = next(sector)) {
    const start = sectorAt(sector);
    for (let at = start; at < start + sectorBytes; at += entryBytes) {
      read += 1;
      if (read > entriesMax) throw malformed();
      const nameBytes = file.readUInt16LE(at + 64);
      if (file[at + 66] !== 0 && nameBytes >= 2 && nameBytes <= 64)
        names.add(file.toString('utf16le', at, at + nameBytes - 2));
    }
  }
  return names;
}

/** Where the table of chains stands: the first places in the head, more in sectors of their own. */
function tableSectors(file: Buffer, sectorAt: (sector: number) => number, perSector: number): number[] {
  const tables: number[] = [];
  const take = (start: number, count: number) => {
    for (let index = 0; index < count; index += 1) {
      const sector = file.readUInt32LE(start + index * 4);
      if (sector <= sectorMax) tables.push(sector);
    }
  };
  take(76, headSectors);
  const sectorsMax = file.length / (perSector * 4);
  let sector = file.readUInt32LE(68);
  for (let count = 0; sector <= sectorMax; count += 1) {
    if (count > sectorsMax) throw malformed();
    const start = sectorAt(sector);
    take(start, perSector - 1);
    sector = file.readUInt32LE(start + (perSector - 1) * 4);
  }
  return tables;
}

function malformed(): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The document is broken or cut off.');
}
