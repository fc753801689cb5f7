import { clientIsSet } from '../connect/client-checks.ts';
import type { DoctorDescription } from '../port/doctor.ts';
import { linkedInVersionEnds } from './limits.ts';

export const linkedInDoctor: DoctorDescription = {
  consoleUrl: 'https://www.linkedin.com/developers/apps',
  scopes: [
    { name: 'openid', purpose: 'to know who consented', review: 'none' },
    { name: 'profile', purpose: 'to know their name', review: 'none' },
    { name: 'w_member_social', purpose: 'to post and comment as a person', review: 'none' },
    { name: 'r_basicprofile', purpose: 'the same as openid, for organizations', review: 'partner' },
    {
      name: 'rw_organization_admin',
      purpose: 'to list the organizations that a person runs, and to read their numbers',
      review: 'partner',
    },
    { name: 'w_organization_social', purpose: 'to post as an organization', review: 'partner' },
    { name: 'r_organization_social', purpose: 'to read back what an organization posted', review: 'partner' },
    { name: 'w_organization_social_feed', purpose: 'to comment as an organization', review: 'partner' },
    { name: 'r_organization_social_feed', purpose: 'to read the comments below its posts', review: 'partner' },
    { name: 'r_member_postAnalytics', purpose: 'to read the numbers of a person’s posts', review: 'partner' },
    { name: 'r_member_profileAnalytics', purpose: 'to read how many follow a person', review: 'partner' },
    { name: 'w_member_social_feed', purpose: 'to comment as a person', review: 'partner' },
  ],
  versionEnds: linkedInVersionEnds,

  /** LinkedIn has no way to ask about an application without a user; what can be seen is what is set. */
  async check({ endpoints }) {
    const people = clientIsSet(endpoints.client, {
      name: 'people',
      settings: 'LINKEDIN_CLIENT_ID and LINKEDIN_CLIENT_SECRET',
      set: 'People connect through “Share on LinkedIn”',
      missing: 'People cannot connect',
    });
    const organizations = clientIsSet(endpoints.clients['organization'], {
      name: 'organizations',
      settings:
        'LINKEDIN_ORGANIZATION_CLIENT_ID and LINKEDIN_ORGANIZATION_CLIENT_SECRET, of an application with the Community Management API',
      set: 'Organizations connect through the Community Management API',
      missing: 'Organizations cannot connect',
    });
    return [people, organizations];
  },
};
