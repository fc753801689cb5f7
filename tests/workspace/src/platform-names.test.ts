import { platformIds } from '@vibetribe/contracts/platform-id';
import { expect, test } from 'vitest';
import { readRepositoryFile, repositoryFiles } from './repository.ts';

/** The whole list of places outside a platform's own folders that may know it by name. */
const registries = [
  'packages/contracts/src/platform-id.ts',
  'packages/platforms/src/registry.ts',
  'apps/sandbox/src/registry.ts',
];

/** Made from the API's document: nobody writes a platform's name there. */
const generated = 'packages/client/src/openapi.ts';

const names = platformIds.map((id) => RegExp.escape(id)).join('|');
const files = repositoryFiles();
const productSources = files.filter(
  (path) =>
    /^(apps|packages|scripts)\/.*\.(ts|mjs|sql)$/.test(path) &&
    path !== generated &&
    !/\.test\.ts$|\/test-[^/]*\.ts$|\/(testing|fixtures)\/|^packages\/testkit\//.test(path),
);

test('product code names no platform outside its folders and the registries', () => {
  const outside = productSources.filter((path) => !registries.includes(path) && ownerOf(path) === undefined);
  expect(outside.length).toBeGreaterThan(200);
  expect(outside.flatMap((path) => namedIn(path, readRepositoryFile(path)))).toEqual([]);
});

test("a platform's folder names no other platform", () => {
  const inside = productSources.filter((path) => ownerOf(path) !== undefined);
  const strange = inside.flatMap((path) =>
    namedIn(path, readRepositoryFile(path)).filter(({ platform }) => platform !== ownerOf(path)),
  );
  expect(strange).toEqual([]);
});

test.each(platformIds)('%s has a folder beside the other adapters and one in the sandbox', (platform) => {
  expect(files).toContain(`packages/platforms/src/${platform}/index.ts`);
  expect(files).toContain(`apps/sandbox/src/${platform}/index.ts`);
  for (const registry of registries) expect(readRepositoryFile(registry)).toMatch(wordOf(platform));
});

/** Where the recipe says that people are told of a platform, beside its own page. */
const toldIn = ['docs/failure-modes.md', 'docs/media.md', 'README.md', 'apps/sandbox/README.md'];

test.each(platformIds)('the recipe names every file that %s touches, and people are told of it there', (platform) => {
  const recipe = readRepositoryFile('docs/recipes/add-a-platform.md');
  for (const file of [...registries, 'packages/platforms/src/<platform>/', 'apps/sandbox/src/<platform>/'])
    expect(recipe).toContain(`| \`${file}\``);
  const [, name = ''] = /^# (\S.*?)(?: pages)?$/m.exec(readRepositoryFile(`docs/platforms/${platform}.md`)) ?? [];
  expect(name).not.toBe('');
  for (const file of toldIn) {
    expect(recipe).toContain(`\`${file}\``);
    expect([file, readRepositoryFile(file).includes(name)]).toEqual([file, true]);
  }
});

test('a name is recognised as a literal of any kind and in an import, not in a comment or another word', () => {
  const found = (line: string) => namedIn('packages/a/src/a.ts', line).map(({ platform }) => platform);
  expect(found('if (platform === \'mastodon\' || platform === "x") return `bluesky`;')).toEqual([
    'mastodon',
    'x',
    'bluesky',
  ]);
  expect(found("import { x } from '@vibetribe/platforms/x/index';")).toEqual(['x']);
  expect(found("import { mastodon } from './mastodon/index.ts';")).toEqual(['mastodon']);
  expect(found(" * The platform's id, as `x`.\n// 'mastodon'\n")).toEqual([]);
  expect(found("const header = 'x-ratelimit-reset'; const text = 'mastodons' + 'x'.repeat(23);")).toEqual([]);
});

interface NamedPlatform {
  readonly platform: string;
  readonly where: string;
}

/** A letter that is repeated is filling. */
function namedIn(path: string, source: string): NamedPlatform[] {
  const literal = new RegExp(String.raw`(['"${'`'}])(?<platform>${names})\1(?!\.repeat\()`, 'g');
  const imported = new RegExp(String.raw`from '[^']*/(?<platform>${names})/[^']*'`, 'g');
  return source.split('\n').flatMap((line, index) =>
    /^\s*(\*|\/\*|\/\/|--)/.test(line)
      ? []
      : [...line.matchAll(literal), ...line.matchAll(imported)].map(({ groups }) => ({
          platform: groups?.['platform'] ?? '',
          where: `${path}:${index + 1}`,
        })),
  );
}

function ownerOf(path: string): string | undefined {
  return platformIds.find((id) =>
    ['packages/platforms/src', 'apps/sandbox/src'].some((folder) => path.startsWith(`${folder}/${id}/`)),
  );
}

/** An id with a hyphen is an identifier in camel case in the registries' code. */
function wordOf(platform: string): RegExp {
  const camelCase = platform.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return new RegExp(String.raw`\b(${RegExp.escape(platform)}|${camelCase})\b`);
}
