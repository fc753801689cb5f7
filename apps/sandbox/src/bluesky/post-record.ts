import { z } from 'zod';
import { BlobRef } from './blobs.ts';
import { pathText } from './parse-input.ts';

/** The lexicon app.bsky.feed.post. Returns what is wrong with a record, undefined where it is fine. */
export function postRecordFault(record: unknown): string | undefined {
  const parsed = PostRecord.safeParse(record);
  if (parsed.success) return undefined;
  const issue = parsed.error.issues[0];
  return `Invalid ${postCollection} record: ${issue?.message ?? 'invalid'} at ${pathText(issue?.path ?? [], '$.record')}`;
}

export const postCollection = 'app.bsky.feed.post';

/** The blobs a record refers to. */
export function blobsOf(value: unknown): BlobRef[] {
  if (typeof value !== 'object' || value === null) return [];
  const blob = BlobRef.safeParse(value);
  return blob.success ? [blob.data] : Object.values(value).flatMap(blobsOf);
}

/** @param accept the beginning of the types taken */
function limitedBlob(accept: string, bytesMax: number) {
  return BlobRef.check((context) => {
    const { mimeType, size } = context.value;
    const say = (message: string) => context.issues.push({ code: 'custom', message, input: context.value });
    if (!mimeType.startsWith(accept)) say(`blob type ${mimeType} is not accepted`);
    else if (size > bytesMax) say(`blob too big (maximum ${bytesMax}, got ${size})`);
  });
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

function limitedText(limits: { bytes: number; graphemes: number }) {
  return z.string('must be a string').check((context) => {
    const text = context.value;
    const bytes = Buffer.byteLength(text);
    const say = (message: string) => context.issues.push({ code: 'custom', message, input: text });
    if (bytes > limits.bytes) say(`string too big (maximum ${limits.bytes}, got ${bytes})`);
    else if (bytes > limits.graphemes) {
      const graphemes = [...segmenter.segment(text)].length;
      if (graphemes > limits.graphemes) say(`grapheme too big (maximum ${limits.graphemes}, got ${graphemes})`);
    }
  });
}

const Datetime = z.iso.datetime({
  offset: true,
  message: 'must be an valid atproto datetime (both RFC-3339 and ISO-8601)',
});
const StrongRef = z.looseObject({ uri: z.string().startsWith('at://', 'must be a valid at-uri'), cid: z.string() });
const Offset = z.int('must be an integer').min(0, 'integer too small (minimum 0)');
const Tag = limitedText({ bytes: 640, graphemes: 64 });

const Feature = z.union(
  [
    z.looseObject({ $type: z.literal('app.bsky.richtext.facet#link'), uri: z.string().regex(/^\w+:(\/\/)?\S+$/) }),
    z.looseObject({ $type: z.literal('app.bsky.richtext.facet#mention'), did: z.string().regex(/^did:[a-z]+:\S+$/) }),
    z.looseObject({ $type: z.literal('app.bsky.richtext.facet#tag'), tag: Tag }),
  ],
  'must be a link, a mention or a tag of app.bsky.richtext.facet',
);

const Facet = z.looseObject({
  index: z.looseObject({ byteStart: Offset, byteEnd: Offset }),
  features: z.array(Feature),
});

const Embed = z.discriminatedUnion(
  '$type',
  [
    z.looseObject({
      $type: z.literal('app.bsky.embed.external'),
      external: z.looseObject({
        uri: z.url('must be a uri'),
        title: z.string(),
        description: z.string(),
        thumb: limitedBlob('image/', 1_000_000).optional(),
      }),
    }),
    z.looseObject({ $type: z.literal('app.bsky.embed.record'), record: StrongRef }),
    z.looseObject({
      $type: z.literal('app.bsky.embed.images'),
      images: z
        .array(z.looseObject({ image: limitedBlob('image/', 2_000_000), alt: z.string() }))
        .max(4, 'array too big (maximum 4)'),
    }),
    z.looseObject({ $type: z.literal('app.bsky.embed.video'), video: limitedBlob('video/mp4', 300_000_000) }),
    z.looseObject({ $type: z.literal('app.bsky.embed.gallery') }),
    z.looseObject({
      $type: z.literal('app.bsky.embed.recordWithMedia'),
      record: z.looseObject({ record: StrongRef }),
      media: z.looseObject({
        $type: z.enum([
          'app.bsky.embed.images',
          'app.bsky.embed.video',
          'app.bsky.embed.external',
          'app.bsky.embed.gallery',
        ]),
      }),
    }),
  ],
  'must be an embed of app.bsky.embed',
);

const PostRecord = z
  .looseObject({
    $type: z.literal(postCollection),
    text: limitedText({ bytes: 3000, graphemes: 300 }),
    createdAt: Datetime,
    facets: z.array(Facet).optional(),
    reply: z.looseObject({ root: StrongRef, parent: StrongRef }).optional(),
    embed: Embed.optional(),
    langs: z
      .array(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/, 'must be a BCP 47 language tag'))
      .max(3, 'array too big (maximum 3)')
      .optional(),
    tags: z.array(Tag).max(8, 'array too big (maximum 8)').optional(),
    labels: z
      .looseObject({
        $type: z.literal('com.atproto.label.defs#selfLabels'),
        values: z.array(z.looseObject({ val: z.string().max(128) })).max(10, 'array too big (maximum 10)'),
      })
      .optional(),
  })
  .check((context) => {
    const textBytes = Buffer.byteLength(context.value.text);
    for (const [index, { index: slice }] of (context.value.facets ?? []).entries()) {
      if (slice.byteStart < slice.byteEnd && slice.byteEnd <= textBytes) continue;
      const message = `facet lies outside of the text (${textBytes} bytes)`;
      context.issues.push({ code: 'custom', message, input: slice, path: ['facets', index, 'index'] });
    }
  });
