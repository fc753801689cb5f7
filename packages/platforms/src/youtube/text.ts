export const titleCharactersMax = 100;
export const descriptionBytesMax = 5_000;
export const tagsCharactersMax = 500;
export const commentCharactersMax = 10_000;

/** The description is counted in bytes. https://developers.google.com/youtube/v3/docs/videos#snippet.description, read 2026-11. */
export function countBytes(text: string): number {
  return Buffer.byteLength(text);
}

export function countCharacters(text: string): number {
  return Array.from(text).length;
}

/** Neither title, description nor tags may hold these. */
export const forbidden = /[<>]/u;

/** A title is made of the beginning of a text, UTF-16 units. */
const beginningMax = 1_000;

/** The first line of a text as a title, cut at a word where it is too long. */
export function titleFrom(text: string): string {
  const beginning = text.trimStart().slice(0, beginningMax).toWellFormed();
  const line = (beginning.split(/[\r\n]/u, 1)[0] ?? '').replaceAll(/\s+/gu, ' ').trim();
  const characters = Array.from(line);
  if (characters.length <= titleCharactersMax) return line;
  const cut = characters.slice(0, titleCharactersMax - 1).join('');
  const atWord = /^(.{40,})\s\S*$/u.exec(cut)?.[1] ?? cut;
  return `${atWord}…`;
}

/** As YouTube counts them: with the commas between, and quotes around those that have a space. */
export function countTags(tags: readonly string[]): number {
  const each = tags.map((tag) => countCharacters(tag) + (/\s/u.test(tag) ? 2 : 0));
  return each.reduce((sum, length) => sum + length, Math.max(0, tags.length - 1));
}
