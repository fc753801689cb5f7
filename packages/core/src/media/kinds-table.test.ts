import { readFile, writeFile } from 'node:fs/promises';
import { checkMedia } from '@vibetribe/media-rules/check-media';
import type { MediaFacts } from '@vibetribe/media-rules/media-facts';
import { planRendition } from '@vibetribe/media-rules/plan-rendition';
import { extensionOf } from '@vibetribe/media/media-type';
import { type TestKind, testKinds } from '@vibetribe/media/fixtures/test-kinds';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import { adapters } from '@vibetribe/platforms/registry';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { DomainError } from '../domain-error.ts';
import { prepareMedia } from '../publishing/send/publication-media.ts';
import { tellingMediaFaults } from './media-fault.ts';
import { createMediaHarness, type MediaHarness } from './test-media.ts';

const document = new URL('../../../../docs/media.md', import.meta.url);
const [begin, end] = ['<!-- kinds -->\n', '<!-- /kinds -->'];

let harness: MediaHarness;
let actor: Actor;
beforeAll(async () => {
  harness = await createMediaHarness(inject('postgresUrl'));
  actor = await harness.addOrganization();
});
afterAll(() => harness[Symbol.asyncDispose]());

test(
  'the table in docs/media.md is what comes of the files themselves (UPDATE_DOCS=1 writes it)',
  { timeout: 240_000 },
  async () => {
    const text = await readFile(document, 'utf8');
    const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
    expect(to).toBeGreaterThanOrEqual(from);
    const isUpdate = process.env['UPDATE_DOCS'] === '1';
    const columns = Object.values(adapters).filter(
      ({ displayName }) => isUpdate || text.slice(from, to).includes(`| ${displayName} `),
    );
    expect(columns.length).toBeGreaterThan(5);
    const rows: string[][] = [
      ['kind', 'taken, and what is read', ...columns.map(({ displayName }) => displayName)],
      ['---', '---', ...columns.map(() => '---')],
    ];
    for (const kind of testKinds) rows.push(await rowOf(kind, columns));
    const table = rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
    if (isUpdate) await writeFile(document, `${text.slice(0, from)}${table}${text.slice(to)}`);
    else expect(text.slice(from, to)).toBe(table);
  },
);

async function rowOf({ what, make }: TestKind, columns: readonly PlatformAdapter[]): Promise<string[]> {
  const taken = await take(await make());
  if (typeof taken === 'string') return [what, `no: \`${taken}\``, ...columns.map(() => '')];
  const cells: string[] = [];
  for (const adapter of columns) cells.push(await cellOf(taken, adapter));
  return [what, inWords(taken.facts), ...cells];
}

interface Taken {
  readonly id: string;
  readonly facts: MediaFacts;
}

/** A code where it is refused. */
async function take(file: Buffer): Promise<Taken | string> {
  try {
    const { id } = await tellingMediaFaults(() => harness.upload(actor, file));
    const [row] = await harness.sql<{ facts: MediaFacts }>(
      'select o.facts from media m join media_objects o on o.id = m.object_id where m.id = $1',
      [id],
    );
    if (row === undefined) throw new Error('the upload is not there');
    return { id, facts: row.facts };
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

function inWords(facts: MediaFacts): string {
  const { mimeType, width, height, orientation, animated, frames, alpha, durationMs, framesPerSecond } = facts;
  if (facts.kind === 'document')
    return [extensionOf(mimeType), ...(facts.pages === undefined ? [] : [`${facts.pages} pages`])].join(', ');
  const size = `${mimeType.split('/')[1]}, ${width} x ${height}`;
  const seconds = durationMs === null ? [] : [`${durationMs / 1000} s`];
  if (facts.kind === 'image')
    return [
      size,
      ...(orientation === 1 ? [] : ['turned']),
      ...(alpha ? ['transparent'] : []),
      ...(animated ? [`${frames} frames`, ...seconds] : []),
    ].join(', ');
  const picture = [facts.codec, facts.chroma].filter((one) => one !== null && one !== undefined).join(' ');
  const sound = [facts.audioCodec, facts.audioProfile].filter((one) => one !== null && one !== undefined).join(' ');
  const rate = framesPerSecond === null ? [] : [`${Math.round(framesPerSecond)} a second`];
  return [size, ...seconds, ...rate, picture, sound, ...(facts.indexFirst === false ? ['index last'] : [])]
    .filter((one) => one !== '')
    .join(', ');
}

/** What goes out, made as it is made for a post; a star where the author is warned. */
async function cellOf(
  { id, facts }: Taken,
  { displayName, rules: { media: rules } }: PlatformAdapter,
): Promise<string> {
  const findings = checkMedia(displayName, rules, [{ ...facts, alt: null }]);
  const refused = findings.find(({ severity }) => severity === 'error');
  if (refused !== undefined) return `no: \`${refused.code}\``;
  const star = findings.some(({ code }) => !/_(converted|rewrapped)$/.test(code)) ? '\\*' : '';
  const { kind } = planRendition(rules, facts);
  const files = { reader: harness.deps.media.reader, urls: null };
  const work = { organizationId: actor.organizationId, mediaIds: [id] };
  const [item] = (await prepareMedia(harness.deps, files, work, rules)).items;
  if (item === undefined) throw new Error('nothing was prepared');
  if (kind === 'original' || kind === 'strip') {
    expect(item.mimeType).toBe(facts.mimeType);
    return `itself${star}`;
  }
  return `${(item.mimeType.split('/')[1] ?? '').toUpperCase().replace('WEBP', 'WebP')}${star}`;
}
