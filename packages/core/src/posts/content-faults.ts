import { setImmediate } from 'node:timers/promises';
import { checkMedia } from '@vibetribe/media-rules/check-media';
import type { FieldFault } from '@vibetribe/contracts/error-code';
import { faultsMax } from '@vibetribe/contracts/fault-bounds';
import type { Variant } from '@vibetribe/contracts/post';
import type { ContentFinding } from '@vibetribe/platforms/port/content';
import { mediaRulesFor } from '@vibetribe/platforms/media-rules-for';
import { createTextMeasure, type TextMeasure } from '@vibetribe/platforms/text-measure';
import type { CoreDependencies } from '../core-dependencies.ts';
import { contentFor } from '../publishing/claim/publication-work.ts';
import type { PostAccount } from './post-accounts.ts';
import type { PostMedia } from './post-media.ts';

/** What goes to one account, before it is scheduled. */
export interface AccountContent {
  readonly account: PostAccount;
  readonly content: string;
  readonly mediaIds: readonly string[];
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
  { adapters, media, measure }: FindingContext,
  { account, content, mediaIds, variant }: AccountContent,
): ContentFinding[] {
  const adapter = adapters[account.platform];
  const text = contentFor({ content }, variant);
  const rules = mediaRulesFor(adapter, { account: account.adapterAccount, options: text.options });
  const shown = (variant.mediaIds ?? mediaIds).flatMap((id) => media.get(id) ?? []);
  return [
    ...adapter.validate({ ...text, media: shown }, account.adapterAccount, measure),
    ...checkMedia(adapter.displayName, rules, shown),
    ...accountFindings(account),
  ];
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
