import { setImmediate } from 'node:timers/promises';
import { checkMedia } from '@vibetribe/media-rules/check-media';
import type { FieldFault } from '@vibetribe/contracts/error-code';
import { faultsMax } from '@vibetribe/contracts/fault-bounds';
import type { ThreadPart, Variant } from '@vibetribe/contracts/post';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { ContentFinding } from '@vibetribe/platforms/port/content';
import { mediaRulesFor } from '@vibetribe/platforms/media-rules-for';
import { createTextMeasure, type TextMeasure } from '@vibetribe/platforms/text-measure';
import type { CoreDependencies } from '../core-dependencies.ts';
import { type PartContent, partContents, threadFor } from '../publishing/claim/part-contents.ts';
import type { PostAccount } from './post-accounts.ts';
import type { PostMedia } from './post-media.ts';

/** What goes to one account, before it is scheduled. */
export interface AccountContent {
  readonly account: PostAccount;
  readonly content: string;
  readonly mediaIds: readonly string[];
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
  return [
    ...partFindings(context, account, first),
    ...threadFindings(adapter, thread),
    ...replies.flatMap((part, index) =>
      partFindings(context, account, part)
        .filter(({ field }) => !isInherited(field, thread[index]))
        .map((finding) => ({ ...finding, field: `thread.${index}.${finding.field}` })),
    ),
    ...accountFindings(account),
  ];
}

function partFindings(
  { adapters, media, measure }: FindingContext,
  { platform, adapterAccount }: PostAccount,
  { content, mediaIds }: PartContent,
): ContentFinding[] {
  const adapter = adapters[platform];
  const rules = mediaRulesFor(adapter, { account: adapterAccount, options: content.options });
  const shown = mediaIds.flatMap((id) => media.get(id) ?? []);
  return [
    ...adapter.validate({ ...content, media: shown }, adapterAccount, measure),
    ...checkMedia(adapter.displayName, rules, shown),
  ];
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

/** A fault of an option that the part has from the post is told of the post. */
function isInherited(field: string, part: ThreadPart | undefined): boolean {
  const [, name] = /^options\.(\w+)/u.exec(field) ?? [];
  return name !== undefined && !Object.hasOwn(part?.options ?? {}, name);
}

/** The findings that forbid scheduling, as faults of the request; so many as an answer tells. Other work goes on in between. */
export async function contentFaults(
  adapters: CoreDependencies['adapters'],
  media: PostMedia,
  contents: readonly AccountContent[],
): Promise<FieldFault[]> {
  const context = { adapters, media, measure: createTextMeasure() };
  const faults: FieldFault[] = [];
  for (const content of contents) {
    if (faults.length >= faultsMax) break;
    for (const { severity, field, message } of contentFindings(context, content)) {
      if (severity === 'error') faults.push({ path: `variants.${content.account.id}.${field}`, message });
    }
    await setImmediate();
  }
  return faults;
}

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
