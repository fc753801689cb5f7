import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import { mediumOf, type ReceivedFile } from '../uploads/received-file.ts';
import { typeInBytes } from '../uploads/sniff-type.ts';
import { PostMedium } from '../state/posts.ts';
import { rawCidOf } from './cid.ts';

/** A file of a repository, known by its content. */
export type Blob = z.infer<typeof StoredBlob>;

/** How a record names it. */
export const BlobRef = z.object({
  $type: z.literal('blob'),
  ref: z.object({ $link: z.string() }),
  mimeType: z.string(),
  size: z.number(),
});
export type BlobRef = z.infer<typeof BlobRef>;

export type Blobs = {
  /**
   * The same bytes are the same blob.
   * @param mimeType absent: what the bytes say, which counts more than what the client said
   */
  add(did: string, file: ReceivedFile, mimeType?: string): BlobRef;
  get(did: string, cid: string): Blob | undefined;
  /** What followers see of a post's own pictures and video. */
  mediaOf(did: string, record: Readonly<Record<string, unknown>>): PostMedium[];
};

export function createBlobs({ site, sandbox }: SiteContext): Blobs {
  const { store } = sandbox;
  const table = store.table(`${site}.blobs`, StoredBlob);
  const keyOf = (did: string, cid: string) => `${did}/${cid}`;
  const get = (did: string, cid: string) => table.get(keyOf(did, cid));

  return {
    get,
    add(did, file, mimeType = typeInBytes(file.head) ?? file.mimeType) {
      const cid = rawCidOf(file.sha256);
      const { alt: _alt, ...medium } = mediumOf(file, null);
      store.commit([table.put(keyOf(did, cid), { ...medium, did, cid, mimeType })]);
      return { $type: 'blob', ref: { $link: cid }, mimeType, size: file.bytes };
    },
    mediaOf(did, { embed }) {
      return shownIn(embed).flatMap(({ blob, alt }) => {
        const found = get(did, blob.ref.$link);
        if (found === undefined) return [];
        const { did: _did, cid: _cid, mimeType: _mimeType, ...medium } = found;
        return [{ ...medium, alt }];
      });
    },
  };
}

function shownIn(given: unknown): { blob: BlobRef; alt: string | null }[] {
  const embed = WithMedia.safeParse(given).data?.media ?? given;
  const images = ImagesEmbed.safeParse(embed).data?.images ?? [];
  const video = VideoEmbed.safeParse(embed).data;
  return [
    ...images.map(({ image, alt }) => ({ blob: image, alt: alt === '' ? null : alt })),
    ...(video === undefined ? [] : [{ blob: video.video, alt: video.alt ?? null }]),
  ];
}

const WithMedia = z.object({ $type: z.literal('app.bsky.embed.recordWithMedia'), media: z.unknown() });
const ImagesEmbed = z.object({
  $type: z.literal('app.bsky.embed.images'),
  images: z.array(z.object({ image: BlobRef, alt: z.string() })),
});
const VideoEmbed = z.object({ $type: z.literal('app.bsky.embed.video'), video: BlobRef, alt: z.string().optional() });

const StoredBlob = PostMedium.omit({ alt: true }).extend({ did: z.string(), cid: z.string(), mimeType: z.string() });
