import { z } from 'zod';

const webAddress = z.url({ protocol: /^https?$/u, error: 'must be a web address' }).max(2_000);
const snowflake = z.string().regex(/^\d{1,20}$/u, { error: 'must be an id, a number' });

/** https://docs.discord.com/developers/resources/message#embed-object */
const Embed = z.strictObject({
  title: z.string().max(256).optional(),
  description: z.string().max(4_096).optional(),
  url: webAddress.optional(),
  /** As a number, 0x000000 to 0xffffff. */
  color: z.int().min(0).max(0xff_ff_ff).optional(),
  footer: z.strictObject({ text: z.string().min(1).max(2_048) }).optional(),
  image: z.strictObject({ url: webAddress }).optional(),
  thumbnail: z.strictObject({ url: webAddress }).optional(),
  author: z.strictObject({ name: z.string().min(1).max(256), url: webAddress.optional() }).optional(),
  fields: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(256),
        value: z.string().min(1).max(1_024),
        inline: z.boolean().optional(),
      }),
    )
    .max(25)
    .optional(),
});
type Embed = z.infer<typeof Embed>;

const embedCharactersMax = 6_000;
const embedsMax = 10;

export const DiscordOptions = z.strictObject({
  suppressEmbeds: z
    .boolean()
    .optional()
    .meta({ description: 'Shows links without their previews.', examples: [true] }),
  silent: z
    .boolean()
    .optional()
    .meta({ description: 'Nobody gets a notification on their device.', examples: [true] }),
  mentions: z
    .strictObject({
      everyone: z.boolean().optional(),
      users: z.array(snowflake).max(100).optional(),
      roles: z.array(snowflake).max(100).optional(),
    })
    .optional()
    .meta({
      description: 'Whom the text may ping. Not given: nobody, whatever stands in it.',
      examples: [{ everyone: false, roles: ['165511591545143296'] }],
    }),
  embeds: z
    .array(Embed.refine(isShown, { error: 'must show something: an address or a colour alone is none' }))
    .min(1)
    .max(embedsMax, { error: `must not hold more than ${embedsMax} embeds` })
    .refine((embeds) => charactersOf(embeds) <= embedCharactersMax, {
      error: `must not hold more than ${embedCharactersMax} characters in all`,
    })
    .optional()
    .meta({
      description: 'Cards below the text.',
      examples: [[{ title: 'Tea', description: 'How to make it', url: 'https://example.com/tea', color: 5_814_783 }]],
    }),
  threadId: snowflake.optional().meta({
    description: 'Id of the thread of the channel to post into. For accounts that are a webhook.',
    examples: ['175928847299117063'],
  }),
  forumPost: z
    .strictObject({ title: z.string().trim().min(1).max(100), tags: z.array(snowflake).max(5).optional() })
    .optional()
    .meta({
      description:
        'Title of a post of its own in a forum or media channel, with ids of its tags. Not given for a bot in a forum: the first line of the text.',
      examples: [{ title: 'How to make tea', tags: ['165511591545143296'] }],
    }),
  spoiler: z
    .boolean()
    .optional()
    .meta({ description: 'Pictures and videos are shown once somebody clicks on them.', examples: [true] }),
});
export type DiscordOptions = z.infer<typeof DiscordOptions>;

/** https://docs.discord.com/developers/resources/message#embed-object */
function isShown({ title, description, footer, image, thumbnail, author, fields = [] }: Embed): boolean {
  const texts = [title, description].filter((text = '') => text.trim() !== '');
  const parts = [footer, image, thumbnail, author].filter((part) => part !== undefined);
  return texts.length + parts.length + fields.length > 0;
}

function charactersOf(embeds: readonly Embed[]): number {
  const texts = embeds.flatMap(({ title, description, footer, author, fields = [] }) => [
    title,
    description,
    footer?.text,
    author?.name,
    ...fields.flatMap(({ name, value }) => [name, value]),
  ]);
  return texts.reduce((sum, text = '') => sum + text.length, 0);
}

const suppressEmbedsFlag = 1 << 2;
const suppressNotificationsFlag = 1 << 12;

/** What stands beside the text in the body of a message. Nobody is pinged unless asked for. */
export function bodyOptions({ suppressEmbeds, silent, mentions, embeds }: DiscordOptions): Record<string, unknown> {
  const flags = (suppressEmbeds === true ? suppressEmbedsFlag : 0) | (silent === true ? suppressNotificationsFlag : 0);
  return {
    allowed_mentions: {
      parse: mentions?.everyone === true ? ['everyone'] : [],
      ...(mentions?.users === undefined ? {} : { users: mentions.users }),
      ...(mentions?.roles === undefined ? {} : { roles: mentions.roles }),
    },
    ...(embeds === undefined ? {} : { embeds }),
    ...(flags === 0 ? {} : { flags }),
  };
}
