import { z } from 'zod';
import { clientOf } from '../http/configured.ts';
import { graphGrantRefusal } from '../graph/errors.ts';
import { graphVersionEnds } from '../graph/version-ends.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { DoctorDescription } from '../port/doctor.ts';
import { callFacebook } from './api.ts';

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
  async check({ endpoints, http }) {
    const name = 'credentials';
    try {
      const { id, secret } = clientOf(endpoints, 'FACEBOOK_CLIENT_ID and FACEBOOK_CLIENT_SECRET');
      const form = { client_id: id, client_secret: secret, grant_type: 'client_credentials' };
      const call = { endpoints, http, method: 'POST', path: '/oauth/access_token', form } as const;
      await callFacebook({ ...call, effect: 'read', answer: z.unknown(), refusalOf: graphGrantRefusal });
      return [{ name, status: 'ok', detail: 'Facebook knows the application' }];
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      const isRefused = error.kind === 'permission' || error.kind === 'auth_revoked';
      const action = isRefused
        ? 'Compare FACEBOOK_CLIENT_ID and FACEBOOK_CLIENT_SECRET with the application’s basic settings'
        : 'Ask again later; if it stays so, see whether this server reaches graph.facebook.com';
      return [{ name, status: isRefused ? 'failed' : 'unknown', detail: error.message, action }];
    }
  },
};
