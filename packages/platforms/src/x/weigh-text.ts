import twitterText from 'twitter-text';

/** Every link is shown as a t.co address of this length. */
const linkWeight = 23;
/** DNS: longer labels and names lead nowhere, and twitter-text's time grows with the square of their length. */
const labelCharactersMax = 63;
const domainCharactersMax = 253;
/** More marks on one letter than any language has; Unicode's normal form takes time that grows with the square of their number. */
const marksMax = 30;
const longRunOfMarks = new RegExp(`(\\p{M}{${marksMax}})(\\p{M}+)`, 'gu');

/** Characters that may stand in a domain by twitter-text, with the dots between its labels. */
const longRunOfHostCharacters = new RegExp(`[^\\s!'#%&()*+,\\\\/:;<=>?@[\\]^{|}~$]{${labelCharactersMax + 1},}`, 'gu');

/** X's weighted length by its own library, in time that grows with the text. */
export function weighText(text: string): number {
  let marksWeight = 0;
  const normal = text
    .replace(longRunOfMarks, (_run, kept: string, surplus: string) => {
      marksWeight += surplus.length;
      return kept;
    })
    .normalize('NFC');
  const links = linksIn(normal);
  const rest: string[] = [];
  let end = 0;
  let linksCounted = 0;
  for (const { url, indices } of links) {
    const [start] = indices;
    if (start < end) continue;
    rest.push(normal.slice(end, start));
    end = start + url.length;
    linksCounted += 1;
  }
  rest.push(normal.slice(end));
  // Without a full stop the library looks for no links; what stood beside one stays apart from what stood on its other side.
  const plain = rest.join('\n').replaceAll('.', ',');
  const joints = rest.length - 1;
  return twitterText.parseTweet(plain).weightedLength - joints + linksCounted * linkWeight + marksWeight;
}

/** Whether X makes a link of something in the text. */
export function hasLink(text: string): boolean {
  return linksIn(text).length > 0;
}

function linksIn(text: string) {
  return twitterText.extractUrlsWithIndices(text.replace(longRunOfHostCharacters, withoutFarHosts));
}

/** Spaces in the place of what is too long for a domain, as the library itself judges once it has found one. */
function withoutFarHosts(run: string): string {
  const isFar = run.length > domainCharactersMax || run.split('.').some(({ length }) => length > labelCharactersMax);
  return isFar ? ' '.repeat(run.length) : run;
}
