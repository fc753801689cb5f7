import type { DoctorDescription } from '../port/doctor.ts';

/** Each instance is asked when somebody names it; none can be asked before. */
export const mastodonDoctor: DoctorDescription = {
  consoleUrl: null,
  scopes: [
    { name: 'read:accounts', purpose: 'to know the account and its number of followers', review: 'none' },
    { name: 'read:statuses', purpose: 'to read back what was posted, and its numbers', review: 'none' },
    { name: 'write:media', purpose: 'to upload pictures and videos', review: 'none' },
    { name: 'write:statuses', purpose: 'to post', review: 'none' },
  ],
};
