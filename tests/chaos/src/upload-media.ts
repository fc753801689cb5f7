import { png } from '@vibetribe/media/fixtures/test-images';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import type { Organization } from './organizations.ts';

/** Ids of what an organization has uploaded; every platform takes them. */
export interface UploadedMedia {
  readonly pictures: readonly string[];
  readonly video: string;
}

const picturesPerOrganization = 2;

/** @returns by organization */
export async function uploadMedia(organizations: readonly Organization[]): Promise<Map<string, UploadedMedia>> {
  const uploaded = await Promise.all(
    organizations.map(async ({ organizationId, client }) => {
      const pictures: string[] = [];
      for (let count = 0; count < picturesPerOrganization; count += 1)
        pictures.push(await client.upload(await png(640 + count, 480)));
      const video = await client.upload(movie({ width: 640, height: 360, seconds: 5, dataBytes: 200_000 }));
      return [organizationId, { pictures, video }] as const;
    }),
  );
  return new Map(uploaded);
}
