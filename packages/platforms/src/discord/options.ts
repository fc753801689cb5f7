import { z } from 'zod';

export const DiscordOptions = z.strictObject({
  /** Shows links without their previews. */
  suppressEmbeds: z.boolean().optional(),
});
export type DiscordOptions = z.infer<typeof DiscordOptions>;
