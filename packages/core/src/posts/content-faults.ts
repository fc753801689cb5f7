import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { Variant } from '@vibetribe/contracts/post';
import type { ContentFinding, PlatformRules } from '@vibetribe/platforms/adapter';
import type { CoreDependencies } from '../core-dependencies.ts';
import { contentFor } from '../publishing/publication-work.ts';
import type { PostAccount } from './post-accounts.ts';
import type { MediaKind, PostMedia } from './post-media.ts';

/** What goes to one account, before it is scheduled. */
export interface AccountContent {
  readonly account: PostAccount;
  readonly content: string;
  readonly mediaIds: readonly string[];
  readonly variant: Variant;
}

/** What the account's platform would refuse, or show differently than its author expects. */
export function contentFindings(
  adapters: CoreDependencies['adapters'],
  media: PostMedia,
  { account, content, mediaIds, variant }: AccountContent,
): ContentFinding[] {
  const adapter = adapters[account.platform];
  const kinds = (variant.mediaIds ?? mediaIds).flatMap((id) => media.get(id) ?? []);
  return [
    ...adapter.validate(contentFor({ content }, variant), account.adapterAccount),
    ...mediaFindings(adapter.displayName, adapter.rules.media, kinds),
    ...accountFindings(account),
  ];
}

/** The findings that forbid scheduling, as faults of the request. */
export function contentFaults(
  adapters: CoreDependencies['adapters'],
  media: PostMedia,
  contents: readonly AccountContent[],
): FieldFault[] {
  return contents.flatMap((content) =>
    contentFindings(adapters, media, content)
      .filter((finding) => finding.severity === 'error')
      .map(({ field, message }) => ({ path: `variants.${content.account.id}.${field}`, message })),
  );
}

function mediaFindings(platform: string, rules: PlatformRules['media'], kinds: readonly MediaKind[]): ContentFinding[] {
  const fault = (code: string, message: string) => [{ severity: 'error', code, message, field: 'mediaIds' } as const];
  if (kinds.length === 0) return rules.required ? fault('media_missing', `${platform} needs a picture or a video`) : [];
  if (rules.imagesMax === 0 && rules.videosMax === 0) {
    return fault('media_not_supported', `Pictures and videos on ${platform} are not supported yet`);
  }
  return [...tooMany('image', rules.imagesMax), ...tooMany('video', rules.videosMax)];

  function tooMany(kind: MediaKind, max: number): ContentFinding[] {
    const count = kinds.filter((other) => other === kind).length;
    return count <= max ? [] : fault(`${kind}s_too_many`, `${platform} takes ${max} ${kind}s, not ${count}`);
  }
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
