export const summaryCharactersMax = 1_500;
export const eventTitleCharactersMax = 58;

/** UTF-16 units: the careful one of the ways in which it may be counted. */
export function countBusiness(text: string): number {
  return text.length;
}

/** A text's beginning is looked through for numbers. */
const charactersMax = 10_000;

/** What looks like a telephone number, which Google refuses in a text: `+49 30 1234567`, `030-1234-567`. A long number alone is none. */
export function hasTelephone(text: string): boolean {
  const beginning = text.slice(0, charactersMax);
  return (
    /\+\d[\d ().-]{7,20}\d/u.test(beginning) || /(?<!\d)\(?\d{2,4}\)?[ .-]\d{3,4}[ .-]\d{3,4}(?!\d)/u.test(beginning)
  );
}
