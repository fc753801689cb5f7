import { globSync } from 'node:fs';
import { join } from 'node:path';
import { platformIds } from '@vibetribe/contracts/platform-id';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { richTextOf } from '../bluesky/facets.ts';
import { countGraphemes } from './graphemes.ts';
import { trimmedEnd, withoutTrailingPunctuation } from './link-end.ts';
import { normalForm, seenForm } from './normal-form.ts';
import { adapters } from '../registry.ts';
import { lettersOf } from './resembles.ts';
import { fingerprintsOfPost } from '../x/text.ts';
import { weighText } from '../x/weigh-text.ts';

const account = { externalId: '1', handle: 'a', service: 'https://social.example' };

const platforms = join(import.meta.dirname, '..');
/** Files of platforms whose functions read nothing but a text. */
const textFiles = globSync('*/{text,links,tags,mentions,guess-langs,shorten-link}.ts', { cwd: platforms });
const textFunctions = (
  await Promise.all(
    textFiles.map(async (file) => {
      const functions = Object.entries((await import(`../${file}`)) as Record<string, unknown>);
      return functions.flatMap(([name, value]): [string, (text: string) => unknown][] =>
        isFunction(value) && value.length === 1 && takesText(value)
          ? [[`${file} ${name}`, (text) => Reflect.apply(value, undefined, [text])]]
          : [],
      );
    }),
  )
).flat();

function isFunction(value: unknown): value is (...given: unknown[]) => unknown {
  return typeof value === 'function';
}

function takesText(read: (...given: unknown[]) => unknown): boolean {
  try {
    Reflect.apply(read, undefined, ['Hello']);
    return true;
  } catch {
    return false;
  }
}

/** Every option that is a text, in its place. */
const optionReaders = platformIds.flatMap((platform) => {
  const { rules } = adapters[platform];
  return placesOfTexts(schemaOf(rules.options)).map((place): [string, (text: string) => unknown] => [
    `${platform} option ${place.join('.')}`,
    (text) => {
      const options = placed(place, text) as Record<string, unknown>;
      return [
        rules.options.safeParse(options),
        adapters[platform].validate({ text: 'Hello', options, media: [] }, account),
      ];
    },
  ]);
});

/** Everything that reads a user's text, or a platform's copy of one. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  ...Object.fromEntries(
    platformIds.flatMap((platform): [string, (text: string) => unknown][] => [
      [`${platform} validate`, (text) => adapters[platform].validate({ text, options: {}, media: [] }, account)],
      [`${platform} composeUrl`, (text) => adapters[platform].composeUrl({ text, options: {} }, account)],
    ]),
  ),
  ...Object.fromEntries([...textFunctions, ...optionReaders]),
  richTextOf: (text) => richTextOf(text, { 'a.b': 'did:plc:a' }),
  lettersOf,
  countGraphemes: (text) => countGraphemes(text),
  fingerprintsOfPost: (text) => fingerprintsOfPost(text, [{ url: 'https://t.co/a', expanded_url: 'https://a.bc' }]),
  normalForm,
  seenForm,
  withoutTrailingPunctuation,
  trimmedEnd: (text) => trimmedEnd(text, /[.)]/u),
};

interface TextSchema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, TextSchema>>;
  readonly items?: TextSchema;
  readonly anyOf?: readonly TextSchema[];
}

function schemaOf(schema: z.ZodType): TextSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as unknown as TextSchema;
}

function placesOfTexts({ type, properties = {}, items, anyOf = [] }: TextSchema): string[][] {
  return [
    ...(type === 'string' ? [[]] : []),
    ...anyOf.flatMap(placesOfTexts),
    ...Object.entries(properties).flatMap(([name, inner]) => placesOfTexts(inner).map((place) => [name, ...place])),
    ...(items === undefined ? [] : placesOfTexts(items).map((place) => ['0', ...place])),
  ];
}

function placed([name, ...rest]: readonly string[], text: string): unknown {
  if (name === undefined) return text;
  return name === '0' ? [placed(rest, text)] : { [name]: placed(rest, text) };
}

const starts = ['', 'https://a.bc/', 'http://', '@', '#', '<', '&'];
const parts = [
  [
    'a',
    '.',
    ',',
    '-',
    '_',
    '(',
    ')',
    '()',
    ')(',
    '((',
    '@',
    '#',
    '/',
    '<',
    '>',
    '&',
    ':',
    '%',
    '$',
    "'",
    '…',
    ' ',
    '\n',
    '\r\n',
  ],
  ['a.', 'a-', '.a', '..a', 'a.b', 'a.bc ', 'a.bc/', '(a.bc/', 'a.co', '.com', 'aé.', 'a:80', 'xn--', 'A.B', 'a_'],
  ['@a', '@a.', '@a@', '@a.b@c.d ', 'a@b.c ', '#a', ' #a', '#.', '#a ', '#.a', ' @a', ' @.a', '$A '],
  ['http://', 'http://a.b/(', 'https://a.bc/ ', 'https://a.bc/)', 'http://日.', 'http://a.bc?a=', 'https://t.co/a'],
  [
    '日',
    '日.',
    'ｱﾞ',
    'กำ',
    '\u1100',
    '👩‍👩‍👧',
    '👩‍',
    '🇩🇪',
    '\u0301',
    '\u0301\u0323',
    'a\u0301',
    'a\u200d',
    '\ufe0f',
    '\u{1d400}',
  ],
  ['<a', '<a>', '<br', '&#', '&#x', '&amp;', '&am', '</p'],
].flat();
const seed = Number(process.env['TEST_SEED'] ?? 1);
const shapes = starts.flatMap((start) =>
  parts.map((part) => ({ name: `${JSON.stringify(start)} and many ${JSON.stringify(part)}`, start, part })),
);

/** All in the full run; otherwise every eighth, and the seed decides which. */
const drawnShapes =
  process.env['TEST_FULL'] === '1'
    ? shapes
    : shapes.filter((_, index) => (index + Math.floor(index / parts.length) + seed) % 8 === 0);
console.log(`TEST_SEED=${seed}: ${drawnShapes.length} of ${shapes.length} shapes of text`);

const textOf = ({ start, part }: { start: string; part: string }, length: number) =>
  start + part.repeat(Math.ceil(length / part.length));

/**
 * Processor time of the fastest of a few runs over all texts, ms: what else the machine does only adds to it. Each run has texts of
 * its own, as patterns remember the results of the last ones.
 */
function fastestMs(textsOfRun: (run: number) => string[], read: (text: string) => unknown, enoughMs: number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 8 && fastest > enoughMs; run += 1) {
    const texts = textsOfRun(run);
    const before = process.threadCpuUsage();
    for (const text of texts) read(text);
    const { user, system } = process.threadCpuUsage(before);
    fastest = Math.min(fastest, (user + system) / 1_000);
  }
  return fastest;
}

/** A text takes as long as ten of a tenth of its length where the time grows with the text, and ten times as long where with its square. */
const ratioMax = 4;
/** The square of 100,000 steps takes far longer, and of less a clock cannot tell a ratio. */
const shortMs = 25;

describe.each(Object.entries(readers))('%s', (_name, read) => {
  test('takes a time that grows with the text, whatever its shape', { timeout: 120_000 }, () => {
    for (const shape of drawnShapes) expectLinear(shape, read, 10_000);
  });
});

test('X’s weight takes a time that grows with the text, whatever its shape', { timeout: 120_000 }, () => {
  for (const shape of drawnShapes) expectLinear(shape, weighText, 1_000);
});

function expectLinear(shape: (typeof shapes)[number], read: (text: string) => unknown, length: number): void {
  const [short, long] = [textOf(shape, length), textOf(shape, length * 10)];
  const longMs = fastestMs((run) => [`${run} ${long}`], read, shortMs);
  if (longMs <= shortMs) return;
  const tenOf = (run: number) => Array.from({ length: 10 }, (_, index) => `${run}${index} ${short}`);
  const ratio = longMs / Math.max(fastestMs(tenOf, read, 0), shortMs / 10);
  expect(ratio, `${shape.name}: ${longMs.toFixed(1)} ms for ${long.length} characters`).toBeLessThan(ratioMax);
}
