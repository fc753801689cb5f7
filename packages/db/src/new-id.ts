import { randomFillSync } from 'node:crypto';

const prefixes = {
  organization: 'org',
  user: 'usr',
  invitation: 'inv',
  session: 'ses',
  family: 'fam',
  apiKey: 'key',
  grant: 'grt',
  account: 'acc',
  consent: 'cns',
  media: 'med',
  mediaObject: 'obj',
  mediaTransfer: 'trf',
  post: 'pst',
  publication: 'pub',
  change: 'chg',
  attempt: 'att',
  notification: 'ntf',
  pause: 'pau',
  webhook: 'whk',
  delivery: 'msg',
  mail: 'mai',
  preferences: 'prf',
  message: 'nmg',
  outage: 'out',
} as const;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const timeCharacters = 10;
const randomCharacters = 16;

/** An opaque id such as `pst_01k9...`: 48 bits of time, so that new rows stand together in an index, then 80 random bits. */
export function newId(kind: keyof typeof prefixes): string {
  const random = randomFillSync(new Uint8Array(randomCharacters));
  return `${prefixes[kind]}_${timeText(Date.now())}${Array.from(random, characterOf).join('')}`;
}

/** 10 characters of 5 bits each, whose order is that of the times. */
function timeText(atMs: number): string {
  let rest = atMs;
  let text = '';
  for (let position = 0; position < timeCharacters; position += 1) {
    text = characterOf(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function characterOf(bits: number): string {
  return alphabet.charAt(bits % 32);
}
