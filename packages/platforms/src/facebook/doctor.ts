import { z } from 'zod';
import { clientOf } from '../http/configured.ts';
import { graphGrantRefusal } from '../graph/errors.ts';
import { graphVersionEnds } from '../graph/version-ends.ts';
import { clientIsKnown } from '../connect/client-checks.ts';
import type { DoctorDescription } from '../port/doctor.ts';
import { callFacebook, facebookName } from './api.ts';

const settings = 'FACEBOOK_CLIENT_ID and FACEBOOK_CLIENT_SECRET';

export const facebookDoctor: DoctorDescription = {
  consoleUrl: 'https://developers.facebook.com/apps/',
  scopes: [
    { name: 'pages_show_list', purpose: 'to list the pages that a person runs', review: 'review' },
    { name: 'pages_read_engagement', purpose: 'to read back what was posted', review: 'review' },
    { name: 'pages_manage_posts', purpose: 'to post, edit and remove', review: 'review' },
    { name: 'pages_manage_engagement', purpose: 'to write the first comment', review: 'review' },
    { name: 'pages_read_user_content', purpose: 'to read comments', review: 'review' },
    { name: 'read_insights', purpose: 'to read numbers', review: 'review' },
  ],
  versionEnds: graphVersionEnds,

  /** Whether the application's id and secret belong together. */
  check: async ({ endpoints, http }) => [
    await clientIsKnown(
      async () => {
        const { id, secret } = clientOf(endpoints, settings);
        const form = { client_id: id, client_secret: secret, grant_type: 'client_credentials' };
        const call = { endpoints, http, method: 'POST', path: '/oauth/access_token', form } as const;
        await callFacebook({ ...call, effect: 'read', answer: z.unknown(), refusalOf: graphGrantRefusal });
      },
      {
        name: 'credentials',
        platformName: facebookName,
        refusals: ['permission', 'auth_revoked'],
        whenRefused: `Compare ${settings} with the application’s basic settings`,
        whenSilent: 'Ask again later; if it stays so, see whether this server reaches graph.facebook.com',
      },
    ),
  ],
};
