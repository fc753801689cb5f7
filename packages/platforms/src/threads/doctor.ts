import type { DoctorDescription } from '../port/doctor.ts';

/** The login has no way to ask about an application without a user. */
export const threadsDoctor: DoctorDescription = {
  consoleUrl: 'https://developers.facebook.com/apps/',
  scopes: [
    { name: 'threads_basic', purpose: 'to know the profile and to renew its token', review: 'review' },
    { name: 'threads_content_publish', purpose: 'to post', review: 'review' },
    { name: 'threads_manage_replies', purpose: 'to post the parts of a thread after its first', review: 'review' },
    { name: 'threads_read_replies', purpose: 'to find such a part whose outcome is unknown', review: 'review' },
    { name: 'threads_manage_insights', purpose: 'to read numbers', review: 'review' },
    { name: 'threads_delete', purpose: 'to take a post off', review: 'review' },
  ],
};
