import type { MediaMimeType } from '@vibetribe/contracts/media';
import { MediaRefusedError } from '../media-refused-error.ts';
import { mediaTypes } from '../media-type.ts';

export interface Claims {
  readonly fileName: string | null;
  /** The part's Content-Type; absent or `application/octet-stream` claims nothing. */
  readonly mimeType: string | null;
}

/** @throws MediaRefusedError `type_mismatch` where the name or the header says something else than the bytes */
export function checkClaims(actual: MediaMimeType, claims: Claims): void {
  const { extensions, aliases } = mediaTypes[actual];
  const header = claims.mimeType?.split(';')[0]?.trim().toLowerCase() ?? '';
  const claimsNothing = header === '' || header === 'application/octet-stream';
  if (!claimsNothing && header !== actual && !aliases.includes(header)) {
    throw new MediaRefusedError('type_mismatch', `The file was sent as ${printable(header)}, but it is ${actual}.`);
  }
  const extension = /\.([A-Za-z][A-Za-z0-9]{1,4})$/.exec(claims.fileName ?? '')?.[1]?.toLowerCase();
  if (extension !== undefined && !extensions.includes(extension)) {
    throw new MediaRefusedError('type_mismatch', `The file's name ends in .${extension}, but it is ${actual}.`);
  }
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
