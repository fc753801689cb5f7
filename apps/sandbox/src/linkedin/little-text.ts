/**
 * What a text in "little" format shows: https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format
 * A reserved character that is not escaped ends it: the rest is cut off without a word.
 */
export function shownText(little: string): string {
  let shown = '';
  for (let at = 0; at < little.length;) {
    const rest = little.slice(at);
    const escaped = /^\\([|{}@[\]()<>#\\*_~])/u.exec(rest);
    const mention = /^@\[((?:[^[\]\\]|\\.)*)\]\(urn:li:(?:person|organization):[\w-]+\)/u.exec(rest);
    const template = /^\{hashtag\|\\?#\|((?:[^{}|\\]|\\.)+)\}/u.exec(rest);
    const hashtag = /^#[\p{L}\p{N}_]+/u.exec(rest);
    const [part = '', text = ''] = escaped ?? mention ?? [];
    if (part !== '') shown += mention === null ? text : plain(text);
    else if (template !== null) shown += `#${plain(template[1] ?? '')}`;
    else if (hashtag !== null) shown += hashtag[0];
    else if (/^[|{}@[\]()<>#\\*_~]/u.test(rest)) return shown;
    else shown += rest[0] ?? '';
    at += (part || template?.[0] || hashtag?.[0] || rest[0] || ' ').length;
  }
  return shown;
}

function plain(text: string): string {
  return text.replaceAll(/\\(.)/gu, '$1');
}
