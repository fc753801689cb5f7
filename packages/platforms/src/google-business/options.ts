import { z } from 'zod';
import { eventTitleCharactersMax } from './text.ts';

const webAddress = z.url({ protocol: /^https?$/u, error: 'must be a web address' }).max(2_000);
const day = z.iso.date({ error: 'must be a day such as 2026-12-24' });
const time = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/u, { error: 'must be a time such as 18:30', abort: true })
  .optional();

const Event = z
  .strictObject({
    title: z.string().trim().min(1).max(eventTitleCharactersMax),
    startDate: day,
    startTime: time,
    endDate: day,
    endTime: time,
  })
  .refine(
    ({ startDate, startTime = '', endDate, endTime = '' }) =>
      `${endDate} ${endTime === '' ? '24' : endTime}` >= `${startDate} ${startTime}`,
    {
      error: 'must not end before it begins',
      path: ['endDate'],
    },
  );

export const BusinessOptions = z
  .strictObject({
    topic: z
      .enum(['update', 'event', 'offer'])
      .optional()
      .describe('What kind of post it is. Not given: update. An event and an offer need `event`.')
      .meta({ examples: ['event'] }),
    event: Event.optional()
      .describe('Title and time of an event or offer, in the location’s own time.')
      .meta({
        examples: [
          { title: 'Bread day', startDate: '2026-12-24', startTime: '09:00', endDate: '2026-12-24', endTime: '18:30' },
        ],
      }),
    offer: z
      .strictObject({
        couponCode: z.string().trim().min(1).max(58).optional(),
        redeemUrl: webAddress.optional(),
        terms: z.string().trim().min(1).max(5_000).optional(),
      })
      .optional()
      .describe('What an offer says beside its title and time.')
      .meta({
        examples: [{ couponCode: 'BREAD10', redeemUrl: 'https://example.com/offer', terms: 'While stocks last.' }],
      }),
    callToAction: z
      .strictObject({
        type: z.enum(['book', 'order', 'shop', 'learn_more', 'sign_up', 'call']),
        url: webAddress.optional(),
      })
      .optional()
      .describe('A button below the post; `call` calls the location’s own number, the others need an address.')
      .meta({ examples: [{ type: 'learn_more', url: 'https://example.com/bread' }] }),
    language: z
      .string()
      .regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/u, { error: 'must be a language tag such as en or pt-BR' })
      .max(35)
      .optional()
      .describe('Language of the text. Not given: en.')
      .meta({ examples: ['en-US'] }),
  })
  .superRefine(({ topic = 'update', event, offer, callToAction }, context) => {
    const fault = (name: string, message: string) => context.addIssue({ code: 'custom', message, path: [name] });
    if (topic !== 'update' && event === undefined) fault('event', `is needed: the title and the time of the ${topic}`);
    if (topic === 'update' && event !== undefined) fault('event', 'belongs to an event or an offer: give a topic');
    if (topic !== 'offer' && offer !== undefined) fault('offer', 'belongs to an offer: give the topic');
    if (topic === 'offer' && callToAction !== undefined) fault('callToAction', 'is not shown with an offer');
    if (callToAction?.type === 'call' && callToAction.url !== undefined)
      fault('callToAction', 'calls the location’s own number: it has no address');
    if (callToAction !== undefined && callToAction.type !== 'call' && callToAction.url === undefined)
      fault('callToAction', 'needs an address');
  });
export type BusinessOptions = z.infer<typeof BusinessOptions>;
