import { z } from 'zod';
import { pinterestLinkMax, pinterestTitleMax } from './text.ts';

const webAddress = z.url({ protocol: /^https?$/u, error: 'must be a web address' }).max(pinterestLinkMax);
const nameOrId = z.string().trim().min(1).max(180);

export const PinterestOptions = z.strictObject({
  board: nameOrId.optional().meta({
    description: 'Another board of the same user, by its name or id. Not given: the board that was connected.',
    examples: ['549755885175000001'],
  }),
  section: nameOrId.optional().meta({
    description: 'A section of the board, by its name or id.',
    examples: ['Soups'],
  }),
  title: z
    .string()
    .trim()
    .min(1)
    .max(pinterestTitleMax)
    .optional()
    .meta({ description: 'Stands above the description.', examples: ['Pumpkin soup in 20 minutes'] }),
  link: webAddress
    .optional()
    .meta({ description: 'Where the pin leads.', examples: ['https://example.com/pumpkin-soup'] }),
  dominantColor: z
    .string()
    .regex(/^#[0-9a-f]{6}$/iu, { error: 'must be a colour such as #6E7874' })
    .optional()
    .meta({ description: 'Shown while the picture loads.', examples: ['#6E7874'] }),
  coverUrl: webAddress.optional().meta({
    description: 'Of a video: where its cover is fetched from. A picture beside the video is its cover, too.',
    examples: ['https://example.com/cover.jpg'],
  }),
  coverOffsetMs: z
    .int()
    .min(0)
    .max(15 * 60_000)
    .optional()
    .meta({
      description: 'Of a video: the moment that is its cover, ms from its beginning, in whole seconds.',
      examples: [2_000],
    }),
});
export type PinterestOptions = z.infer<typeof PinterestOptions>;
