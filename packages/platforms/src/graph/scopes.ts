import { z } from 'zod';

/** What a person has granted. https://developers.facebook.com/docs/graph-api/reference/user/permissions, read 2026-11. */
export const Permissions = z.object({
  data: z.array(z.object({ permission: z.string(), status: z.string() })).default([]),
});

export function grantedIn({ data }: z.infer<typeof Permissions>): string[] {
  return data.filter(({ status }) => status === 'granted').map(({ permission }) => permission);
}
