import { graphVersionEnds } from '../graph/version-ends.ts';
import type { DoctorCheck, DoctorDescription } from '../port/doctor.ts';

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
    const own: DoctorCheck =
      endpoints.client === null
        ? missing('login', 'INSTAGRAM_CLIENT_ID and INSTAGRAM_CLIENT_SECRET', 'Nobody can connect through Instagram')
        : { name: 'login', status: 'ok', detail: 'Accounts connect through Instagram' };
    const byPage: DoctorCheck =
      endpoints.clients['page'] === undefined
        ? missing(
            'page_login',
            'INSTAGRAM_PAGE_CLIENT_ID and INSTAGRAM_PAGE_CLIENT_SECRET',
            'Nobody can connect through a page',
          )
        : { name: 'page_login', status: 'ok', detail: 'Accounts connect through the page that they belong to' };
    return [own, byPage];
  },
};

function missing(name: string, settings: string, detail: string): DoctorCheck {
  return { name, status: 'warning', detail, action: `Set ${settings}` };
}
