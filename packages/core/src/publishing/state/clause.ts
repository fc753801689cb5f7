/** What somebody said, for the middle of a sentence. */
export function clause(text: string): string {
  return text.trim().replace(/[.…]+$/u, '');
}
