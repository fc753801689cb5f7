import type { MediaItem } from '../port/content.ts';
import type { MultipartPart } from '../port/platform-http.ts';

/** A message with files: all of it in one request, as Discord has no uploads apart. The nonce in the names is what it is found by. */
export function messageForm(
  message: object,
  media: readonly MediaItem[],
  {
    nonce,
    isSpoiler,
    thread,
  }: {
    readonly nonce: string;
    readonly isSpoiler: boolean;
    /** What begins a thread with the message in it. */
    readonly thread?: object;
  },
): MultipartPart[] {
  const attachments = media.map(({ alt }, id) => ({ id, ...(alt === null || alt === '' ? {} : { description: alt }) }));
  const whole = { ...message, attachments };
  return [
    { name: 'payload_json', value: JSON.stringify(thread === undefined ? whole : { ...thread, message: whole }) },
    ...media.map((item, index) => ({
      name: `files[${index}]`,
      fileName: `${isSpoiler ? spoilerPrefix : ''}${namePrefix(nonce)}${index}.${extensionOf(item)}`,
      contentType: item.mimeType,
      stream: { byteLength: item.bytes, open: () => item.read() },
    })),
  ];
}

/** Whether a file of this name was sent under the nonce. */
export function isNamedAfter(fileName: string, nonce: string): boolean {
  return fileName.replace(spoilerPrefix, '').startsWith(namePrefix(nonce));
}

/** Files whose names begin so are hidden until somebody clicks on them. */
const spoilerPrefix = 'SPOILER_';

function namePrefix(nonce: string): string {
  return `media-${nonce}-`;
}

function extensionOf({ mimeType }: MediaItem): string {
  return mimeType === 'video/quicktime' ? 'mov' : (mimeType.split('/')[1] ?? 'bin');
}
