import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

const assignment =
  /^[ \t]*(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=[ \t]*(?:'[^']*'|"[^"]*"|`[^`]*`|[^'"`#\n][^\n]*)?[ \t]*(?:#[^\n]*)?$/gm;
const comment = /^[ \t]*#[^\n]*$/gm;

/**
 * The environment with what `.env` in the folder adds: a variable that is given wins. No file: the environment as it is.
 * @throws EnvFileError in one sentence, without the file's values, where it cannot be read or understood
 */
export function withEnvFile(folder, given) {
  const text = readIfThere(join(folder, '.env'));
  if (text === null) return { ...given };
  const line = brokenLine(text);
  if (line !== null) throw new EnvFileError(`line ${line} of .env is neither NAME=value nor a comment`);
  return { ...parseEnv(text), ...given };
}

export class EnvFileError extends Error {}

/** The number of the first line that says nothing; null where all do. */
function brokenLine(text) {
  const blank = (match) => match.replaceAll(/[^\n]/g, '');
  const rest = text.replaceAll('\r\n', '\n').replaceAll(comment, blank).replaceAll(assignment, blank);
  const index = rest.split('\n').findIndex((line) => line.trim() !== '');
  return index === -1 ? null : index + 1;
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw new EnvFileError(`.env cannot be read (${error.code})`);
  }
}
