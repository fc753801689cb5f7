/** What a mail says, as a program for mail would show it. */
export type MailParts = { headers: Record<string, string>; subject: string; text: string | null; html: string | null };

const depthMax = 5;

/** @param raw with CRLF line ends, as bytes in latin1 */
export function parseMail(raw: string): MailParts {
  const { headers, body } = splitEntity(raw);
  const found: { text: string | null; html: string | null } = { text: null, html: null };
  collect(headers, body, found, 0);
  return { headers, subject: decodedWords(headers['subject'] ?? ''), ...found };
}

function collect(
  headers: Record<string, string>,
  body: string,
  found: { text: string | null; html: string | null },
  depth: number,
): void {
  const type = headers['content-type'] ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (/^multipart\//i.test(type) && boundary !== undefined) {
    if (depth === depthMax) return;
    for (const part of body.split(`--${boundary}`).slice(1)) {
      if (part.startsWith('--')) return;
      const entity = splitEntity(part.replace(/^\r\n/, ''));
      collect(entity.headers, entity.body, found, depth + 1);
    }
    return;
  }
  const text = decodedBody(body, headers['content-transfer-encoding'] ?? '7bit');
  if (/^text\/html/i.test(type)) found.html ??= text;
  else if (/^text\/plain/i.test(type)) found.text ??= text;
}

function splitEntity(raw: string): { headers: Record<string, string>; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const head = (end === -1 ? raw : raw.slice(0, end)).replaceAll(/\r\n[ \t]+/g, ' ');
  const headers: Record<string, string> = {};
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { headers, body: end === -1 ? '' : raw.slice(end + 4) };
}

function decodedBody(body: string, encoding: string): string {
  const bytes = /base64/i.test(encoding)
    ? Buffer.from(body, 'base64')
    : Buffer.from(/quoted-printable/i.test(encoding) ? unquoted(body.replaceAll('=\r\n', '')) : body, 'latin1');
  return bytes.toString('utf8').replaceAll('\r\n', '\n').trimEnd();
}

/** RFC 2047. */
function decodedWords(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_all, kind: string, word: string) =>
      (kind.toLowerCase() === 'b'
        ? Buffer.from(word, 'base64')
        : Buffer.from(unquoted(word.replaceAll('_', ' ')), 'latin1')
      ).toString('utf8'),
    );
}

function unquoted(text: string): string {
  return text.replaceAll(/=([0-9A-F]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
