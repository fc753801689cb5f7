import { png } from '@vibetribe/media/fixtures/test-images';
import type { Organization } from './organizations.ts';

const perOrganization = 2;

/** Gives each organization a few pictures that every platform takes. Answers their ids by organization. */
export async function uploadPictures(organizations: readonly Organization[]): Promise<Map<string, string[]>> {
  const uploaded = await Promise.all(
    organizations.map(async ({ organizationId, client }) => {
      const ids: string[] = [];
      for (let count = 0; count < perOrganization; count += 1)
        ids.push(await client.upload(await png(640 + count, 480)));
      return [organizationId, ids] as const;
    }),
  );
  return new Map(uploaded);
}
