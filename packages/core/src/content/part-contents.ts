import type { ThreadPart, Variant } from '@vibetribe/contracts/post';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { TextContent } from '@vibetribe/platforms/port/content';

/** What one visible part shows: the post itself, an answer to the part before it, or a comment below the post. */
export interface PartContent {
  readonly kind: 'post' | 'reply' | 'comment';
  readonly content: TextContent;
  /** In the order they are shown. */
  readonly mediaIds: readonly string[];
}

export interface PostContent {
  readonly content: string;
  readonly mediaIds: readonly string[];
  readonly thread: readonly ThreadPart[] | null;
}

/** All parts of a publication, in the order they go out: the first comment is the last. */
export function partContents(
  { rules, comments }: Pick<PlatformAdapter, 'rules' | 'comments'>,
  post: PostContent,
  variant: Variant,
): [PartContent, ...PartContent[]] {
  const content = contentFor(post, variant);
  const first = { kind: 'post', content, mediaIds: variant.mediaIds ?? post.mediaIds } as const;
  const inherited = rules.thread === null ? {} : pick(content.options, rules.thread.inheritedOptions);
  const replies = (rules.thread === null ? [] : threadFor(post, variant)).map((part): PartContent => ({
    kind: 'reply',
    content: { text: part.content, options: { ...inherited, ...part.options } },
    mediaIds: part.mediaIds ?? [],
  }));
  const text = comments === undefined ? null : firstCommentIn(variant);
  return [
    first,
    ...replies,
    ...(text === null ? [] : [{ kind: 'comment' as const, content: { text, options: {} }, mediaIds: [] }]),
  ];
}

/** The text and options that go to one account: its variant's, else the post's. */
export function contentFor(post: { content: string }, variant: Variant): TextContent {
  return { text: variant.content ?? post.content, options: variant.options ?? {} };
}

/** The thread that goes to one account: its variant's, else the post's. */
export function threadFor(post: Pick<PostContent, 'thread'>, variant: Variant): readonly ThreadPart[] {
  return variant.thread ?? post.thread ?? [];
}

/** How many parts a publication has once its platform takes what it is given. */
export function countParts(post: Pick<PostContent, 'thread'>, variant: Variant): number {
  return 1 + threadFor(post, variant).length + (firstCommentIn(variant) === null ? 0 : 1);
}

function firstCommentIn({ options }: Variant): string | null {
  const text = options?.['firstComment'];
  return typeof text === 'string' && text.trim() !== '' ? text : null;
}

function pick(options: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (Object.hasOwn(options, name) ? [[name, options[name]]] : [])));
}
