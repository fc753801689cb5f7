import type { FieldFault } from './error-code.ts';

/** An answer tells so many faults at most, however many a request has. */
export const faultsMax = 50;
const pathCharactersMax = 200;
const messageCharactersMax = 500;

/** `posts.0.content`; what is longer than a person would read ends in an ellipsis. An empty name is shown as `""`. */
export function faultPath(parts: readonly PropertyKey[]): string {
  let path = '';
  for (const [index, part] of parts.entries()) {
    const name = part === '' ? '""' : String(part);
    path = index === 0 ? shortened(name, pathCharactersMax) : `${path}.${shortened(name, pathCharactersMax)}`;
    if (path.length > pathCharactersMax) return shortened(path, pathCharactersMax);
  }
  return path;
}

/** The first faults, each of a length that can be sent. */
export function boundedFaults(faults: readonly FieldFault[]): FieldFault[] {
  return faults.slice(0, faultsMax).map(({ path, message }) => ({
    path: shortened(path, pathCharactersMax),
    message: shortened(message, messageCharactersMax),
  }));
}

/** At most so many UTF-16 code units, well-formed, the last of them an ellipsis where something is left out. */
export function shortened(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1).toWellFormed()}…`;
}
