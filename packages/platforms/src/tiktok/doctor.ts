import type { DoctorCheck, DoctorDescription } from '../port/doctor.ts';

const consoleUrl = 'https://developers.tiktok.com/apps/';

export const tiktokDoctor: DoctorDescription = {
  consoleUrl,
  scopes: [
    { name: 'user.info.basic', purpose: 'to know who consented', review: 'none' },
    { name: 'user.info.stats', purpose: 'to read how many follow', review: 'review' },
    { name: 'video.publish', purpose: 'to post, and to ask what a creator allows', review: 'review' },
    { name: 'video.upload', purpose: 'to send drafts to the inbox', review: 'review' },
    { name: 'video.list', purpose: 'to find photos whose outcome is unknown, and to read numbers', review: 'review' },
  ],

  /** TikTok has no way to ask about an application without a user. */
  async check({ redirectUri }) {
    return [audit, photoAddresses(redirectUri)];
  },
};

const audit: DoctorCheck = {
  name: 'audit',
  status: 'unknown',
  detail:
    'Until TikTok has audited the application it may only post with privacyLevel SELF_ONLY, to private accounts, of five creators a day. TikTok does not tell whether it was',
  action: `Ask for the audit of “Direct Post” at ${consoleUrl}`,
};

/** Photos are fetched from the address that redirects come back to. */
function photoAddresses(redirectUri: string): DoctorCheck {
  const origin = URL.canParse(redirectUri) ? new URL(redirectUri).origin : redirectUri;
  const name = 'photo_addresses';
  if (!origin.startsWith('https://'))
    return {
      name,
      status: 'warning',
      detail: `TikTok fetches photos from ${origin}, which is not https`,
      action: 'Set PUBLIC_URL to an https address that TikTok can reach',
    };
  const detail = `TikTok fetches photos from ${origin} only once the application has verified it`;
  return { name, status: 'unknown', detail, action: `Add ${origin}/ to the URL properties at ${consoleUrl}` };
}
