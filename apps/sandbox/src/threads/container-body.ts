import { z } from 'zod';
import { invalidParameter, refuse } from '../graph/answers.ts';
import { flagIn, listIn } from '../graph/request-parameters.ts';
import { altCharactersMax, childrenMax, childrenMin, linksMax, textMax, topicTagMax } from './limits.ts';
import { lengthOf, linkCount } from './text.ts';

export type ContainerBody = ReturnType<typeof parseContainerBody>;

/** What a container is to be made of; what is unknown is ignored. https://developers.facebook.com/docs/threads/reference/publishing @throws {RefusalError} */
export function parseContainerBody(given: Readonly<Record<string, string>>) {
  const mediaType = MediaType.safeParse(given['media_type']);
  if (!mediaType.success) throw invalidParameter('Param media_type must be one of {TEXT, IMAGE, VIDEO, CAROUSEL}');
  const type = mediaType.data;
  const isChild = flagIn(given, 'is_carousel_item', false);
  const text = isChild ? '' : (given['text'] ?? '');
  const attachment = given['link_attachment'];
  if (type === 'TEXT' && text.trim() === '') throw invalidParameter('The parameter text is required');
  if (lengthOf(text) > textMax) throw invalidParameter('Param text must be at most 500 characters long.');
  if (linkCount(text, attachment) > linksMax) {
    throw refuse({ code: 100, message: 'THREADS_API__LINK_LIMIT_EXCEEDED' });
  }
  if (attachment !== undefined && (type !== 'TEXT' || !URL.canParse(attachment))) {
    throw invalidParameter('Param link_attachment must be a URL, and is for posts of text only');
  }
  const children = listIn(given, 'children').map(String);
  if (type === 'CAROUSEL' && (children.length < childrenMin || children.length > childrenMax)) {
    throw invalidParameter(`A carousel has ${childrenMin} to ${childrenMax} children`);
  }
  const alt = given['alt_text'] ?? null;
  if (alt !== null && Array.from(alt).length > altCharactersMax) {
    throw invalidParameter('Param alt_text must be at most 1000 characters long.');
  }
  const replyControl = ReplyControl.safeParse(given['reply_control'] ?? 'everyone');
  if (!replyControl.success) throw invalidParameter('Param reply_control must be one of the known audiences');
  return {
    type,
    isChild,
    text,
    alt,
    children,
    attachment: attachment ?? null,
    replyControl: replyControl.data,
    topicTag: topicTagOf(given),
    replyTo: given['reply_to_id'] ?? null,
    imageUrl: given['image_url'],
    videoUrl: given['video_url'],
    publishesAtOnce: type === 'TEXT' && flagIn(given, 'auto_publish_text', false),
  };
}

const MediaType = z.enum(['TEXT', 'IMAGE', 'VIDEO', 'CAROUSEL']);
const ReplyControl = z.enum([
  'everyone',
  'accounts_you_follow',
  'mentioned_only',
  'parent_post_author_only',
  'followers_only',
]);

function topicTagOf({ topic_tag: tag }: Readonly<Record<string, string>>): string | null {
  if (tag === undefined) return null;
  if (tag === '' || Array.from(tag).length > topicTagMax || /[.&]/u.test(tag)) {
    throw refuse({ code: 100, subcode: 4_279_071, message: 'The topic tag is invalid' });
  }
  return tag;
}
