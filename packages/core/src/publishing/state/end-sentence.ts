/** What stands on a timeline ends as a sentence does, whoever worded it. */
export function endSentence(text: string): string {
  return /[.?!…]["”’)]?$/u.test(text) ? text : `${text}.`;
}
