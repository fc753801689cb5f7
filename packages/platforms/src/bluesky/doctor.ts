import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { DoctorDescription } from '../port/doctor.ts';
import { blueskyName, callXrpc } from './api.ts';

export const blueskyDoctor: DoctorDescription = {
  consoleUrl: null,
  scopes: [],

  async check({ endpoints, http }) {
    const passwords = {
      name: 'app_passwords',
      status: 'ok',
      detail:
        'Accounts connect by consent, or with an app password that is made and taken back at https://bsky.app/settings/app-passwords',
    } as const;
    const name = 'server';
    if (endpoints.api === null) return [passwords];
    const call = { http, service: endpoints.api, method: 'GET', nsid: 'com.atproto.server.describeServer' } as const;
    try {
      await callXrpc({ ...call, effect: 'read', answer: z.unknown() });
      return [passwords, { name, status: 'ok', detail: `${blueskyName} answers at ${endpoints.api}` }];
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      const action = 'Ask again later; if it stays so, see whether this server reaches that address';
      return [passwords, { name, status: 'unknown', detail: error.message, action }];
    }
  },
};
