import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import type { MediaRulesContext, PlatformAdapter } from '../port/adapter.ts';

/** What may stand beside the text of a post of this account with these options. */
export function mediaRulesFor(
  { rules, mediaRules }: Pick<PlatformAdapter, 'rules' | 'mediaRules'>,
  context: MediaRulesContext,
): MediaRules {
  return mediaRules?.(context) ?? rules.media;
}
