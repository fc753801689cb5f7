import type { MediaRules } from '@vibetribe/contracts/media-rules';
import type { AdapterAccount } from './port/account.ts';
import type { PlatformAdapter } from './port/adapter.ts';

/** What may stand beside the text of a post of this account: its own server's rules where they are known, else the platform's. */
export function mediaRulesFor(
  { rules, serverMediaRules }: Pick<PlatformAdapter, 'rules' | 'serverMediaRules'>,
  { serverRules }: Pick<AdapterAccount, 'serverRules'>,
): MediaRules {
  return serverRules?.media === undefined ? rules.media : (serverMediaRules?.(serverRules.media) ?? rules.media);
}
