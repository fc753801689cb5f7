const end = /[\p{Sentence_Terminal}…]["'”’»)\]]*$/u;

/** What stands on a timeline ends as a sentence does, whoever worded it. */
export function endSentence(text: string): string {
  const said = text.trim();
  return said === '' || end.test(said) ? said : `${said}.`;
}
