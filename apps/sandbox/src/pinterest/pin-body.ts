import { z } from 'zod';
import { invalid } from './answers.ts';
import {
  altCharactersMax,
  carouselItems,
  descriptionCharactersMax,
  linkCharactersMax,
  titleCharactersMax,
} from './limits.ts';

export type PinBody = z.infer<typeof PinBody>;
export type MediaSource = PinBody['media_source'];

/** The body of `POST /v5/pins`: https://developers.pinterest.com/docs/api/v5/pins-create @throws {RefusalError} 400 */
export function parsePinBody(body: unknown): PinBody {
  return parsed(PinBody, body);
}

/** The body of `PATCH /v5/pins/:id`. @throws {RefusalError} 400 */
export function parsePinUpdate(body: unknown): z.infer<typeof PinUpdate> {
  return parsed(PinUpdate, body);
}

function parsed<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const found = schema.safeParse(body);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw invalid(`${issue?.path.map(String).join('.') ?? 'body'}: ${issue?.message ?? 'is not valid'}`);
}

/** Counted in code points. */
const text = (max: number) =>
  z
    .string()
    .refine((given) => Array.from(given).length <= max, { error: `must have at most ${max} characters` })
    .nullable()
    .optional();

const id = z.string().regex(/^\d+$/u);
const link = z
  .url({ protocol: /^https?$/u })
  .max(linkCharactersMax)
  .nullable()
  .optional();
const contentType = z.enum(['image/jpeg', 'image/png']);
const data = z.string().regex(/^[a-zA-Z0-9+/=]+$/u);
const item = { title: text(titleCharactersMax), description: text(descriptionCharactersMax), link };
const items = <Item extends z.ZodType>(each: Item) => z.array(each).min(carouselItems.min).max(carouselItems.max);

const texts = {
  title: text(titleCharactersMax),
  description: text(descriptionCharactersMax),
  alt_text: text(altCharactersMax),
  link,
  board_section_id: id.nullable().optional(),
};

const PinUpdate = z.strictObject({ ...texts, board_id: id.optional() });

const PinBody = z.strictObject({
  ...texts,
  board_id: id,
  dominant_color: z.string().nullable().optional(),
  parent_pin_id: id.nullable().optional(),
  media_source: z.discriminatedUnion('source_type', [
    z.strictObject({ source_type: z.literal('image_url'), url: z.url() }),
    z.strictObject({ source_type: z.literal('image_base64'), content_type: contentType, data }),
    z.strictObject({
      source_type: z.literal('multiple_image_urls'),
      items: items(z.strictObject({ ...item, url: z.url() })),
      index: z.int().min(0).optional(),
    }),
    z.strictObject({
      source_type: z.literal('multiple_image_base64'),
      items: items(z.strictObject({ ...item, content_type: contentType, data })),
      index: z.int().min(0).optional(),
    }),
    z.strictObject({
      source_type: z.literal('video_id'),
      media_id: id,
      cover_image_url: z.url().optional(),
      cover_image_content_type: contentType.optional(),
      cover_image_data: data.optional(),
      cover_image_key_frame_time: z.int().min(0).optional(),
    }),
  ]),
});
