import { z } from 'zod';
import { invalidParameter, refuse } from '../graph/answers.ts';
import { flagIn, listIn } from '../graph/request-parameters.ts';
import {
  altCharactersMax,
  captionCharactersMax,
  childrenMax,
  childrenMin,
  collaboratorsMax,
  hashtagsMax,
  mentionsMax,
} from './limits.ts';

export type ContainerBody = ReturnType<typeof parseContainerBody>;

type Parameters = Readonly<Record<string, string>>;

/** What a container is to be made of; what is unknown is ignored, as the real one does. @throws {RefusalError} */
export function parseContainerBody(given: Parameters) {
  const mediaType = MediaType.safeParse(given['media_type'] ?? 'IMAGE');
  if (!mediaType.success) throw refuse({ code: 100, subcode: 2_207_023, message: 'The media type is unknown.' });
  const isChild = flagIn(given, 'is_carousel_item', false);
  const children = listIn(given, 'children').map(String);
  if (mediaType.data === 'CAROUSEL' && (children.length < childrenMin || children.length > childrenMax)) {
    throw refuse({ code: 100, subcode: 2_207_028, message: `A carousel has ${childrenMin} to ${childrenMax} items.` });
  }
  const alt = given['alt_text'] ?? null;
  if (alt !== null && (mediaType.data !== 'IMAGE' || alt.length > altCharactersMax)) {
    throw invalidParameter('alt_text is for images and has up to 1000 characters');
  }
  checkLists(given);
  return {
    mediaType: mediaType.data,
    isChild,
    children,
    alt,
    caption: mediaType.data === 'STORIES' || isChild ? '' : captionOf(given),
    imageUrl: given['image_url'],
    videoUrl: given['video_url'],
    isResumable: given['upload_type'] === 'resumable',
  };
}

const MediaType = z.enum(['IMAGE', 'VIDEO', 'REELS', 'STORIES', 'CAROUSEL']);

function captionOf({ caption = '' }: Parameters): string {
  if (Array.from(caption).length > captionCharactersMax) {
    throw refuse({
      code: 36_004,
      subcode: 2_207_010,
      message: 'The caption was too long. It can have 2,200 characters.',
    });
  }
  const count = (sign: RegExp) => caption.match(sign)?.length ?? 0;
  if (count(/#[\p{L}\p{N}_]/gu) > hashtagsMax || count(/@[\p{L}\p{N}_]/gu) > mentionsMax) {
    throw refuse({ code: 100, subcode: 2_207_040, message: 'There are too many tags in the caption.' });
  }
  return caption;
}

const UserTag = z.object({
  username: z.string().min(1),
  x: z.number().min(0).max(1).optional(),
  y: z.number().min(0).max(1).optional(),
});

function checkLists(given: Parameters): void {
  if (given['location_id'] !== undefined && !/^\d+$/.test(given['location_id'])) {
    throw invalidParameter('Param location_id must be a page id');
  }
  if (!z.array(UserTag).max(20).safeParse(listIn(given, 'user_tags')).success) {
    throw invalidParameter('Param user_tags must be a list of {username, x, y}');
  }
  if (!z.array(z.string()).max(collaboratorsMax).safeParse(listIn(given, 'collaborators')).success) {
    throw invalidParameter('Param collaborators must be a list of up to 3 names');
  }
  const offset = given['thumb_offset'];
  if (offset !== undefined && !/^\d+$/.test(offset)) {
    throw refuse({ code: 1, subcode: 2_207_057, message: 'The thumbnail offset is out of range.' });
  }
}
