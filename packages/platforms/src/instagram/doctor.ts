import { graphVersionEnds } from '../graph/version-ends.ts';
import { clientIsSet } from '../connect/client-checks.ts';
import type { DoctorDescription } from '../port/doctor.ts';
import { ownSettings, pageSettings } from './tokens.ts';

export const instagramDoctor: DoctorDescription = {
  consoleUrl: 'https://developers.facebook.com/apps/',
  scopes: [
    { name: 'instagram_business_basic', purpose: 'to know the account and to renew its token', review: 'review' },
    { name: 'instagram_business_content_publish', purpose: 'to post', review: 'review' },
    { name: 'instagram_business_manage_comments', purpose: 'to write the first comment', review: 'review' },
    { name: 'instagram_business_manage_insights', purpose: 'to read numbers', review: 'review' },
  ],
  versionEnds: graphVersionEnds,

  /** The login has no way to ask about an application without a user; what can be seen is what is set. */
  async check({ endpoints }) {
    const own = clientIsSet(endpoints.client, {
      name: 'login',
      settings: ownSettings,
      set: 'Accounts connect through Instagram',
      missing: 'Nobody can connect through Instagram',
    });
    const byPage = clientIsSet(endpoints.clients['page'], {
      name: 'page_login',
      settings: pageSettings,
      set: 'Accounts connect through the page that they belong to',
      missing: 'Nobody can connect through a page',
    });
    return [own, byPage];
  },
};
