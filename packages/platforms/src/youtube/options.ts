import { z } from 'zod';
import { commentCharactersMax, countTags, forbidden, tagsCharactersMax, titleCharactersMax } from './text.ts';

const plain = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .refine((text) => Array.from(text).length <= max, { error: `must have up to ${max} characters` })
    .refine((text) => !forbidden.test(text), { error: 'must not hold < or >' });

/** Categories that a video may be put in, by YouTube's numbers. https://developers.google.com/youtube/v3/docs/videoCategories/list, read 2026-11. */
export const categoryNumbers = {
  film: '1',
  autos: '2',
  music: '10',
  pets: '15',
  sports: '17',
  travel: '19',
  gaming: '20',
  people: '22',
  comedy: '23',
  entertainment: '24',
  news: '25',
  howto: '26',
  education: '27',
  science: '28',
  nonprofits: '29',
} as const;
const categories = Object.keys(categoryNumbers) as (keyof typeof categoryNumbers)[];

export const YouTubeOptions = z.strictObject({
  title: plain(titleCharactersMax)
    .optional()
    .describe('Title of the video. Not given: the first line of the text.')
    .meta({ examples: ['How we bake bread'] }),
  tags: z
    .array(plain(tagsCharactersMax))
    .max(500)
    .refine((tags) => countTags(tags) <= tagsCharactersMax, {
      error: `must have up to ${tagsCharactersMax} characters together`,
    })
    .optional()
    .describe('Words that the video is found by, 500 characters together.')
    .meta({ examples: [['bread', 'sour dough']] }),
  category: z
    .enum(categories)
    .optional()
    .describe('Not given: people.')
    .meta({ examples: ['howto'] }),
  privacy: z
    .enum(['public', 'unlisted', 'private'])
    .optional()
    .describe('Who may see the video. Not given: public.')
    .meta({ examples: ['unlisted'] }),
  madeForKids: z
    .boolean()
    .optional()
    .describe('Whether it is made for children, as the law wants to know; such a video has no comments. Not given: no.')
    .meta({ examples: [false] }),
  syntheticMedia: z
    .boolean()
    .optional()
    .describe('It looks real and was made or altered by a machine.')
    .meta({ examples: [true] }),
  embeddable: z
    .boolean()
    .optional()
    .describe('Whether other sites may show it. Not given: yes.')
    .meta({ examples: [false] }),
  license: z
    .enum(['youtube', 'creativeCommon'])
    .optional()
    .describe('Not given: youtube.')
    .meta({ examples: ['creativeCommon'] }),
  publicStats: z
    .boolean()
    .optional()
    .describe('Whether everybody sees its numbers. Not given: yes.')
    .meta({ examples: [false] }),
  language: z
    .string()
    .regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/u, { error: 'must be a language tag such as en or pt-BR' })
    .max(35)
    .optional()
    .describe('Language of title and description.')
    .meta({ examples: ['en'] }),
  notifySubscribers: z
    .boolean()
    .optional()
    .describe('Whether subscribers are told of it. Not given: yes.')
    .meta({ examples: [false] }),
  playlistId: z
    .string()
    .regex(/^[\w-]{2,100}$/u, { error: 'must be the id of a playlist' })
    .optional()
    .describe('A playlist of the channel that it is put in.')
    .meta({ examples: ['PLx0sYbCqOb8TBPRdmBHs5Iftvv9TPboYG'] }),
  firstComment: z
    .string()
    .trim()
    .min(1)
    .max(commentCharactersMax)
    .optional()
    .describe('Written below the video as soon as it is out.')
    .meta({ examples: ['What do you bake?'] }),
});
export type YouTubeOptions = z.infer<typeof YouTubeOptions>;
