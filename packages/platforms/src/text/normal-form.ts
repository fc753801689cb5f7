/** A writer needs two or three on one letter; the order of marks is made in time that grows with the square of their number. */
const marksMax = 30;
const longRunOfMarks = new RegExp(`\\p{M}{${marksMax + 1},}`, 'gu');

/** Unicode's NFC in time that grows with the text: a letter under more marks than any language has loses them all. */
export function normalForm(text: string): string {
  return text.replace(longRunOfMarks, '').normalize('NFC');
}

/** What texts that look alike have in common: no joiners, selectors and other signs that nobody sees, and white space folded. */
export function seenForm(text: string): string {
  return normalForm(text)
    .replace(/[\p{Cf}\p{Variation_Selector}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
}
