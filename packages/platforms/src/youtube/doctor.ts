import { checkGoogleClient } from '../google/login.ts';
import type { DoctorDescription } from '../port/doctor.ts';
import { analyticsScope, youTubeLogin } from './oauth.ts';

export const youTubeDoctor: DoctorDescription = {
  consoleUrl: 'https://console.cloud.google.com/apis/credentials',
  scopes: [
    { name: 'openid', purpose: 'to know who consented', review: 'none' },
    { name: 'https://www.googleapis.com/auth/youtube.upload', purpose: 'to upload videos', review: 'review' },
    {
      name: 'https://www.googleapis.com/auth/youtube',
      purpose: 'to show, edit and remove them, and to read their numbers',
      review: 'review',
    },
    { name: 'https://www.googleapis.com/auth/youtube.force-ssl', purpose: 'to comment', review: 'review' },
    { name: analyticsScope, purpose: 'to read how long videos are watched', review: 'review' },
  ],

  async check({ endpoints, http }) {
    const audit = {
      name: 'audit',
      status: 'unknown',
      detail:
        'Videos of an application that Google has not audited stay private, and nothing tells ahead whether it has',
      action: 'Ask for the audit: https://support.google.com/youtube/contact/yt_api_form',
    } as const;
    return [await checkGoogleClient(youTubeLogin, { endpoints, http }), audit];
  },
};
