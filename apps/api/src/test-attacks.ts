/** A request that means harm, ready to be sent. */
export interface Attack {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Whose credentials it carries, if any. */
  readonly as: 'nobody' | 'editor';
  readonly body: string;
}

/** What the attacks aim at: accounts of one organization. */
export interface AttackTarget {
  /** A hundred of one platform. */
  readonly xAccountIds: readonly string[];
  readonly mastodonAccountIds: readonly string[];
  readonly blueskyAccountIds: readonly string[];
  /** One of each platform. */
  readonly accountIds: readonly string[];
}

const json = JSON.stringify;
const bodyCharactersMax = 950_000;

/** Bodies that make a validator collect more faults, or longer ones, than anybody would read. */
export function faultAttacks({ accountIds, xAccountIds }: AttackTarget): Attack[] {
  const longName = 'n'.repeat(500_000);
  const manyNames = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`o${i}`, 1]));
  const [first = ''] = accountIds;
  const post = (fields: object) => json({ content: 'Hello', accountIds, ...fields });
  return [
    login('a long name over unstorable strings', `{"${longName}":${json(Array(50_000).fill('\0'))}}`),
    login('a long name over anything', `{"${longName}":1}`),
    login('unstorable strings', json(Array(100_000).fill('\0'))),
    login('unstorable names', `{${Array.from({ length: 50_000 }, (_, i) => `"\\u0000${i}":1`).join()}}`),
    login('many unknown fields', json(manyNames(80_000))),
    login('many values', `[${'1,'.repeat(400_000)}1]`),
    login('deep nesting', '['.repeat(400_000) + ']'.repeat(400_000)),
    login('deep names', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)),
    login('an email without an end', json({ email: `${'a.'.repeat(200_000)}@${'b.'.repeat(200_000)}`, password: 'x' })),
    validate('many unknown options', post({ variants: { [first]: { options: manyNames(45_000) } } })),
    validate('one option with a long name', post({ variants: { [first]: { options: { [longName]: 1 } } } })),
    validate('a long language', post({ variants: { [first]: { options: { langs: ['a-'.repeat(400_000)] } } } })),
    validate('many languages', post({ variants: { [first]: { options: { langs: Array(40_000).fill('-') } } } })),
    validate('many variants of no account', post({ variants: manyVariants(30_000) })),
    validate(
      'many accounts',
      json({ content: 'Hello', accountIds: Array.from({ length: 4_000 }, (_, i) => `acc_${i}`) }),
    ),
    validate('accounts that are numbers', json({ content: 'Hello', accountIds: Array(5_000).fill(1) })),
    validate('one account many times', json({ content: 'Hello', accountIds: Array(4_000).fill(first) })),
    validate('many accounts in arrays', json({ content: 'Hello', accountIds: Array(9).fill(Array(5_000).fill(1)) })),
    validate('many variants', post({ variants: manyVariants(900) })),
    validate('many media', post({ mediaIds: Array.from({ length: 45_000 }, (_, i) => `med_${i}`) })),
    validate('a long time zone', post({ timezone: 'Europe/'.repeat(100_000) })),
    validate('a long time', post({ scheduledAt: '2'.repeat(bodyCharactersMax) })),
    ...[6, 90, 900].map((options) =>
      validate(
        `${options} unknown options for each of a hundred accounts`,
        json({
          content: '',
          accountIds: xAccountIds,
          variants: Object.fromEntries(xAccountIds.map((id) => [id, { options: manyNames(options) }])),
        }),
      ),
    ),
    connect('many credentials', json({ platform: 'x', credentials: stringFields(40_000) })),
    connect('a credential with a long name', json({ platform: 'x', credentials: { [longName]: '1' } })),
    connect('a long credential', json({ platform: 'x', credentials: { accessToken: 'x '.repeat(400_000) } })),
    connect(
      'a long instance',
      json({ platform: 'mastodon', credentials: { instance: 'a.'.repeat(400_000), accessToken: 'x' } }),
    ),
  ];
}

function login(name: string, body: string): Attack {
  return { name, method: 'POST', path: '/api/v1/auth/login', as: 'nobody', body };
}

function validate(name: string, body: string): Attack {
  return { name, method: 'POST', path: '/api/v1/posts/validate', as: 'editor', body };
}

function connect(name: string, body: string): Attack {
  return { name, method: 'POST', path: '/api/v1/accounts/manual', as: 'editor', body };
}

function manyVariants(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, {}]));
}

function stringFields(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, 'x']));
}

const textCharactersMax = 99_900;
const hostileParts = [')', '(', '.', 'a.', '日', '@a.', '#.', '👩‍👩‍👧', '\u0301\u0323', 'http://', 'a.bc ', '&'];

/** Texts that a scan would look at from each of their characters again, to as many accounts as a post may have. */
export function textAttacks({
  xAccountIds,
  mastodonAccountIds,
  blueskyAccountIds,
  accountIds,
}: AttackTarget): Attack[] {
  const many = { X: xAccountIds, Mastodon: mastodonAccountIds, Bluesky: blueskyAccountIds };
  const filled = (part: string, length: number) =>
    `https://a.bc/${part.repeat(Math.ceil(length / part.length))}`.slice(0, length).toWellFormed();
  return [
    ...hostileParts.map((part) =>
      validate(`100,000 characters of ${json(part)}`, json({ content: filled(part, textCharactersMax), accountIds })),
    ),
    ...Object.entries(many).flatMap(([platform, ids]) =>
      ['日', 'a.', ')', '👩‍👩‍👧'].flatMap((part) => [
        validate(
          `5,000 characters of ${json(part)} to a hundred accounts of ${platform}`,
          json({ content: filled(part, 4_990), accountIds: ids }),
        ),
        validate(
          `a text of ${json(part)} of its own to each of a hundred accounts of ${platform}`,
          json({
            content: 'Hello',
            accountIds: ids,
            variants: ownTexts(ids, (index) => `${index} ${filled(part, 2_900)}`),
          }),
        ),
      ]),
    ),
  ];
}

function ownTexts(ids: readonly string[], textOf: (index: number) => string): object {
  return Object.fromEntries(ids.map((id, index) => [id, { content: textOf(index) }]));
}
