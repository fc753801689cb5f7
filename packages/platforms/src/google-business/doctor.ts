import { checkGoogleClient } from '../google/login.ts';
import type { DoctorDescription } from '../port/doctor.ts';
import { businessLogin } from './oauth.ts';

export const businessDoctor: DoctorDescription = {
  consoleUrl: 'https://console.cloud.google.com/apis/credentials',
  scopes: [
    { name: 'openid', purpose: 'to know who consented', review: 'none' },
    {
      name: 'https://www.googleapis.com/auth/business.manage',
      purpose: 'to list locations, to post, edit and remove, and to read their numbers',
      review: 'review',
    },
  ],

  async check({ endpoints, http }) {
    const access = {
      name: 'access',
      status: 'unknown',
      detail: 'A project has no requests at all until Google has let it in, and nothing tells ahead whether it has',
      action: 'Ask for access: https://developers.google.com/my-business/content/prereqs',
    } as const;
    return [await checkGoogleClient(businessLogin, { endpoints, http }), access];
  },
};
