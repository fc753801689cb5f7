import { randomBytes } from 'node:crypto';

const prefixes = {
  organization: 'org',
  user: 'usr',
  session: 'ses',
  family: 'fam',
  apiKey: 'key',
  grant: 'grt',
  account: 'acc',
  media: 'med',
  mediaObject: 'obj',
  post: 'pst',
  publication: 'pub',
  attempt: 'att',
  notification: 'ntf',
  pause: 'pau',
} as const;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** An opaque id such as `pst_01k9...`: 48 bits of time, so that new rows stand together in an index, then 80 random bits. */
export function newId(kind: keyof typeof prefixes): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  randomBytes(10).copy(bytes, 6);
  return `${prefixes[kind]}_${base32(bytes)}`;
}

function base32(bytes: Buffer): string {
  let value = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let position = 0; position < 26; position += 1) {
    text = alphabet.charAt(Number(value % 32n)) + text;
    value /= 32n;
  }
  return text;
}
