const punctuation = new Set('.,;:!?\'"…');

/** Where a link in running text ends: "see https://a.example." before the full stop, "(https://a.example/x_(y))" after the inner bracket. */
export function withoutTrailingPunctuation(link: string): string {
  let surplus = count(link, ')') - count(link, '(');
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link.charAt(end - 1);
    if (last === ')' && surplus > 0) surplus -= 1;
    else if (!punctuation.has(last)) break;
  }
  return link.slice(0, end);
}

/** The text without the characters at its end that `isTrailing` knows; in time that grows with the text, as a pattern's would not. */
export function trimmedEnd(text: string, isTrailing: RegExp): string {
  let end = text.length;
  while (end > 0) {
    const start = isLowSurrogate(text.charCodeAt(end - 1)) && end > 1 ? end - 2 : end - 1;
    if (!isTrailing.test(text.slice(start, end))) break;
    end = start;
  }
  return text.slice(0, end);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc_00 && unit <= 0xdf_ff;
}

function count(text: string, character: string): number {
  let found = 0;
  for (let index = text.indexOf(character); index !== -1; index = text.indexOf(character, index + 1)) found += 1;
  return found;
}
