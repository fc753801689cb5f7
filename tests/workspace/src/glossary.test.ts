import { expect, test } from 'vitest';
import { readRepositoryFile, repositoryFiles } from './repository.ts';

const files = repositoryFiles();
const sources = files.filter((path) => path.endsWith('.ts')).map((path) => ({ path, text: readRepositoryFile(path) }));
const code = sources.map(({ path, text }) => `${path}\n${text}`).join('\n');

/** Words that the glossary has a better one for. A file that must name one is listed with it. */
const retired: readonly { readonly word: RegExp; readonly except?: readonly string[] }[] = [
  { word: /\bdoorbells?\b/i, except: ['docs/adr/0001-rows-and-doorbells.md'] },
  { word: /\b(rung|ringing)\b/i },
  { word: /(?<!key[ -])\brings?\b/i, except: ['packages/security/src/key-ring.test.ts'] },
  { word: /\b(re)?(arms|armed|arming|armings)\b/i },
  { word: /\bsettlements?\b/i },
  { word: /\bledgers?\b/i },
  { word: /\b(armed_until|armedUntil|armedForMs|armPublications|ringDoorbells)\b/ },
  { word: /\b(writeSteps|takeSteps|settlePublications|noProbes|createTestProbes)\b/ },
  { word: /\b(settleChange|settle-change|SitePlace|CardPlace|PartPlace|accountPlace|placeBehind|TimelinePlace)\b/ },
  { word: /\b(placesLeft|ask-in-turn|ConsentDeclined|CardFault)\b/ },
  { word: /\bdescribe\('walls/ },
  { word: /\b(handedOver|handed_over|askInTurn|claimBackend|spentLimits)\b/ },
  {
    word: /\b(createWorld|FuzzWorld|worlds?)\b/i,
    except: [
      'apps/sandbox/src/discord/messages.test.ts',
      'apps/sandbox/src/linkedin/linkedin.test.ts',
      'apps/sandbox/src/mastodon/statuses.test.ts',
      'packages/platforms/src/mastodon/text.test.ts',
      'packages/platforms/src/x/text.test.ts',
    ],
  },
  { word: /\b(nine-hundred|fifty-tokens|constellation)\b/ },
];

/** What a migration that has landed says stays as it is. */
const searched = files.filter((path) => /\.(ts|md)$/.test(path) && !path.includes('glossary'));

test('every name in the glossary is found in the code', () => {
  const names = [...readRepositoryFile('docs/glossary.md').matchAll(/\| `([\w-]+)` \|$/gm)].map(
    ([, name]) => name ?? '',
  );
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(code))).toEqual([]);
});

test('no retired word is left', () => {
  const found = searched.flatMap((path) => retiredWordsIn(path, readRepositoryFile(path)));
  expect(found).toEqual([]);
});

test('the class of an error is named as one', () => {
  const classes = sources.flatMap(({ text }) => [...text.matchAll(/class (\w+) extends (?:Error|\w+Error)\b/g)]);
  expect(classes.length).toBeGreaterThan(20);
  expect(classes.map(([, name]) => name).filter((name) => name?.endsWith('Error') !== true)).toEqual([]);
});

test('a retired word is noticed, and a key ring is none', () => {
  expect(retiredWordsIn('a.ts', 'rows are armed and a doorbell rings')).toHaveLength(3);
  expect(retiredWordsIn('a.ts', 'const keyRing = createKeyRing(); // the key ring, a string, an alarm')).toEqual([]);
});

function retiredWordsIn(path: string, text: string): string[] {
  return retired
    .filter(({ except }) => except?.includes(path) !== true)
    .flatMap(({ word }) => {
      const match = word.exec(
        text.replace(/docs\/adr\/0001-rows-and-doorbells\.md|adr\/0001-rows-and-doorbells\.md/g, ''),
      );
      return match === null ? [] : [`${path}: ${match[0]}`];
    });
}
