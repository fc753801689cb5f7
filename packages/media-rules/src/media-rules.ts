import { z } from 'zod';
import { MediaMimeType } from './media-facts.ts';

const pixelRange = {
  widthMin: z.int().optional(),
  widthMax: z.int().optional(),
  heightMin: z.int().optional(),
  heightMax: z.int().optional(),
  /** Width times height. */
  pixelsMax: z.int().optional(),
  /** Width divided by height. */
  ratioMin: z.number().optional(),
  ratioMax: z.number().optional(),
};

export const ImageRules = z.object({ mimeTypes: z.array(MediaMimeType).min(1), bytesMax: z.int(), ...pixelRange });
export type ImageRules = z.infer<typeof ImageRules>;

export const AnimationRules = ImageRules.extend({
  framesMax: z.int().optional(),
  /** Nothing else may stand beside it in the post. */
  alone: z.boolean(),
});
export type AnimationRules = z.infer<typeof AnimationRules>;

/** What a platform asks of a video besides; where it is not so, it is taken all the same, made worse, or refused for some accounts. */
const VideoAdvice = z.object({
  durationMsMax: z.int().optional(),
  framesPerSecondMax: z.number().optional(),
  /** Of the longer and the shorter side. */
  longEdgeMax: z.int().optional(),
  shortEdgeMax: z.int().optional(),
  codecs: z.array(z.string()).optional(),
  chromas: z.array(z.string()).optional(),
  squarePixels: z.boolean().optional(),
  audioCodecs: z.array(z.string()).optional(),
  audioProfiles: z.array(z.string()).optional(),
  audioChannelsMax: z.int().optional(),
});

export const VideoRules = z.object({
  mimeTypes: z.array(MediaMimeType).min(1),
  bytesMin: z.int().optional(),
  bytesMax: z.int(),
  ...pixelRange,
  durationMsMin: z.int().optional(),
  durationMsMax: z.int().optional(),
  framesPerSecondMin: z.number().optional(),
  framesPerSecondMax: z.number().optional(),
  /** Names as in `MediaFacts`; absent: any. */
  codecs: z.array(z.string()).optional(),
  audioCodecs: z.array(z.string()).optional(),
  indexFirst: z.boolean().optional(),
  /** Other files go out as MP4 wherever that takes no recoding. */
  mp4Preferred: z.boolean().optional(),
  /** Each is a warning. */
  advice: VideoAdvice.optional(),
  /** False: an alternative text of a video is not shown. */
  alt: z.boolean().optional(),
});
export type VideoRules = z.infer<typeof VideoRules>;

/** It stands alone. */
const DocumentRules = z.object({
  mimeTypes: z.array(MediaMimeType).min(1),
  bytesMax: z.int(),
  pagesMax: z.int(),
});

/** What a platform takes beside the text. Data, so that it can be shown, checked before scheduling, and checked again before a send. */
export const MediaRules = z.object({
  required: z.boolean(),
  /** Of all kinds together. */
  countMax: z.int(),
  imagesMax: z.int(),
  /** A platform of videos alone. */
  videosMin: z.int().optional(),
  videosMax: z.int(),
  /** Images and videos may stand in one post. */
  mixed: z.boolean(),
  /** Null: the platform shows no alternative text. */
  altCharactersMax: z.int().nullable(),
  /** One alternative text stands for all that the post shows: the first that is given. */
  altOnce: z.boolean().optional(),
  /** Null: the kind is not taken. */
  image: ImageRules.nullable(),
  /** Null: an animated image is shown as its first frame. */
  animation: AnimationRules.nullable(),
  video: VideoRules.nullable(),
  /** Absent or null: documents are not taken. */
  document: DocumentRules.nullable().optional(),
});
export type MediaRules = z.infer<typeof MediaRules>;

/** What one server says about media, on a platform of many servers; what it does not say is the platform's. */
export const ServerMediaLimits = z.object({
  countMax: z.int().optional(),
  altCharactersMax: z.int().optional(),
  /** Of all kinds together, in its own words: it may take more than we know. */
  mimeTypes: z.array(z.string()).optional(),
  imageBytesMax: z.int().optional(),
  imagePixelsMax: z.int().optional(),
  videoBytesMax: z.int().optional(),
  videoPixelsMax: z.int().optional(),
  framesPerSecondMax: z.number().optional(),
});
export type ServerMediaLimits = z.infer<typeof ServerMediaLimits>;
