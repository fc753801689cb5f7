import { z } from 'zod';

export const XOptions = z.strictObject({
  replySettings: z.enum(['following', 'mentionedUsers', 'subscribers', 'verified']).optional(),
});
export type XOptions = z.infer<typeof XOptions>;
