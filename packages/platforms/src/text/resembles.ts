/** The share of a text that another one has to have in common with it to be taken for a rewriting of it. */
const sharedMin = 0.5;
/** A text is judged by its beginning: platforms do not take longer ones. */
const charactersMax = 10_000;

/**
 * Whether one text may be another one as a server has rewritten it: by pairs of neighbouring letters and digits, without links, markup,
 * punctuation and case. Texts without letters resemble each other. Linear in both.
 */
export function resembles(ours: string, theirs: string): boolean {
  const wanted = pairsOf(ours);
  const found = pairsOf(theirs);
  if (wanted.size === 0 || found.size === 0) return wanted.size === found.size;
  let shared = 0;
  for (const pair of wanted) if (found.has(pair)) shared += 1;
  return shared / wanted.size >= sharedMin;
}

/** What of a text survives quotes, dashes, markup and shortened links: its letters and digits, without words that look like addresses. */
export function lettersOf(text: string): string {
  return text
    .slice(0, charactersMax)
    .normalize('NFKC')
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => !/:\/\/|[\p{L}\p{N}]\.\p{L}{2}/u.test(word))
    .join('')
    .replace(/[^\p{L}\p{N}]+/gu, '');
}

function pairsOf(text: string): Set<string> {
  const letters = Array.from(lettersOf(text));
  const pairs = new Set<string>();
  for (const [index, letter] of letters.entries()) pairs.add(letter + (letters[index + 1] ?? ''));
  return pairs;
}
