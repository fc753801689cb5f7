/** Emoji count as the bytes that they take in UTF-8, everything else by what a reader sees. https://developers.facebook.com/docs/threads/posts#media-type-text */
export function lengthOf(text: string): number {
  let length = 0;
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    length += emoji.test(segment) ? Buffer.byteLength(segment) : 1;
  }
  return length;
}

const emoji = /^\p{RGI_Emoji}$/v;

/** Different addresses in a text and beside it. */
export function linkCount(text: string, attachment: string | undefined): number {
  const found = text.match(/https?:\/\/[^\s<>"]+/giu) ?? [];
  return new Set(attachment === undefined ? found : [...found, attachment]).size;
}
