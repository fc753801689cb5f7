import { setImmediate } from 'node:timers/promises';
import { checkMedia } from '@vibetribe/media-rules/check-media';
import type { FieldFault } from '@vibetribe/contracts/error-code';
import { faultsMax } from '@vibetribe/contracts/fault-bounds';
import type { Post, ThreadPart, Variant } from '@vibetribe/contracts/post';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { ContentFinding } from '@vibetribe/platforms/port/content';
import { mediaRulesFor } from '@vibetribe/platforms/content/media-rules-for';
import { createTextMeasure, type TextMeasure } from '@vibetribe/platforms/text/text-measure';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { wishOf } from '../../cards/card-wish.ts';
import { altFor, altsFor, type MediaAlts } from '../../media/media-alts.ts';
import { type PartContent, partContents, threadFor } from '../../content/part-contents.ts';
import type { PostAccount } from '../store/post-accounts.ts';
import type { PostMedia } from './post-media.ts';

/** What goes to one account, before it is scheduled. */
export interface AccountContent {
  readonly account: PostAccount;
  readonly content: string;
  readonly mediaIds: readonly string[];
  readonly mediaAlts: MediaAlts;
  readonly thread: readonly ThreadPart[];
  readonly variant: Variant;
}

/** What all accounts of one request have in common. */
export interface FindingContext {
  readonly adapters: CoreDependencies['adapters'];
  readonly media: PostMedia;
  readonly measure: TextMeasure;
}

/** What the account's platform would refuse, or show differently than its author expects. */
export function contentFindings(
  context: FindingContext,
  { account, variant, ...post }: AccountContent,
): ContentFinding[] {
  const adapter = context.adapters[account.platform];
  const [first, ...others] = partContents(adapter, post, variant);
  const replies = others.filter(({ kind }) => kind === 'reply');
  const thread = threadFor(post, variant);
  const alts = altsFor(post.mediaAlts, variant);
  return [
    ...partFindings(context, account, first, alts),
    ...threadFindings(adapter, thread),
    ...replies.flatMap((part, index) =>
      [...partFindings(context, account, part, alts), ...firstOnlyFindings(adapter, thread[index])]
        .filter(({ field }) => !isInherited(field, thread[index]))
        .map((finding) => ({ ...finding, field: `thread.${index}.${finding.field}` })),
    ),
    ...accountFindings(account),
  ];
}

function partFindings(
  { adapters, media, measure }: FindingContext,
  { platform, adapterAccount }: PostAccount,
  part: PartContent,
  alts: MediaAlts,
): ContentFinding[] {
  const adapter = adapters[platform];
  const { content, mediaIds } = part;
  const rules = mediaRulesFor(adapter, { account: adapterAccount, options: content.options });
  const shown = mediaIds.flatMap((id) => {
    const file = media.get(id);
    return file === undefined ? [] : [{ ...file, alt: altFor(alts, id, file.alt) }];
  });
  return [
    ...adapter.validate({ ...content, media: shown }, adapterAccount, measure),
    ...checkMedia(adapter.displayName, rules, shown),
    ...cardPictureFindings(media.get(wishOf(adapter, part)?.mediaId ?? '')),
  ];
}

function cardPictureFindings(file: ReturnType<PostMedia['get']>): ContentFinding[] {
  if (file === undefined || file.kind === 'image') return [];
  const message = 'The picture of a card has to be a picture';
  return [{ severity: 'error', code: 'option_invalid', message, field: 'options.card.mediaId' }];
}

function threadFindings(
  { displayName, rules }: Pick<PlatformAdapter, 'displayName' | 'rules'>,
  thread: readonly ThreadPart[],
): ContentFinding[] {
  if (thread.length === 0) return [];
  const finding = { severity: 'error', field: 'thread' } as const;
  if (rules.thread === null) {
    const message = `${displayName} has no threads; an empty thread in the variant leaves the parts out`;
    return [{ ...finding, code: 'thread_unsupported', message }];
  }
  const { partsMax } = rules.thread;
  if (thread.length + 1 <= partsMax) return [];
  const message = `A thread on ${displayName} has at most ${partsMax} parts, not ${thread.length + 1}`;
  return [{ ...finding, code: 'thread_too_long', message }];
}

function firstOnlyFindings(
  { displayName, rules }: Pick<PlatformAdapter, 'displayName' | 'rules'>,
  part: ThreadPart | undefined,
): ContentFinding[] {
  const given = (rules.thread?.firstOnlyOptions ?? []).filter((name) => Object.hasOwn(part?.options ?? {}, name));
  const message = `On ${displayName} only the first part of a thread has this`;
  return given.map((name) => ({ severity: 'warning', code: 'option_unused', message, field: `options.${name}` }));
}

/** A fault of an option that the part has from the post is told of the post. */
function isInherited(field: string, part: ThreadPart | undefined): boolean {
  const [, name] = /^options\.(\w+)/u.exec(field) ?? [];
  return name !== undefined && !Object.hasOwn(part?.options ?? {}, name);
}

export type ContentWarning = NonNullable<Post['warnings']>[number];

export interface CheckedContents {
  /** What forbids scheduling, as faults of the request; so many as an answer tells. */
  readonly faults: readonly FieldFault[];
  readonly warnings: readonly ContentWarning[];
}

const warningsMax = 100;

/** Other work goes on in between. */
export async function checkContents(
  adapters: CoreDependencies['adapters'],
  media: PostMedia,
  contents: readonly AccountContent[],
): Promise<CheckedContents> {
  const context = { adapters, media, measure: createTextMeasure() };
  const faults: FieldFault[] = [];
  const warnings: ContentWarning[] = [];
  for (const content of contents) {
    if (faults.length >= faultsMax) break;
    const accountId = content.account.id;
    for (const { severity, ...finding } of contentFindings(context, content)) {
      const { field, message } = finding;
      if (severity === 'error') faults.push({ path: `variants.${accountId}.${field}`, message });
      else if (warnings.length < warningsMax) warnings.push({ accountId, ...finding });
    }
    await setImmediate();
  }
  return { faults, warnings };
}

export const nothingChecked: CheckedContents = { faults: [], warnings: [] };

function accountFindings(account: PostAccount): ContentFinding[] {
  if (account.status !== 'needs_reauth') return [];
  return [
    {
      severity: 'warning',
      code: 'account_needs_reauth',
      message: 'The account must be connected again; until then the post waits',
      field: 'accountId',
    },
  ];
}
