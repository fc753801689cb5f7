import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import { builtInClient } from '../oauth/built-in-client.ts';
import { randomSecret } from '../state/random-secret.ts';

/** A registered application; `id` is the one the API shows, not the client id. */
export type Application = z.infer<typeof Application>;

export type Applications = {
  register(fields: Pick<Application, 'name' | 'website' | 'redirectUris' | 'scopes'>): Application;
  get(clientId: string): Application | undefined;
};

export function createApplications({ site, sandbox }: SiteContext): Applications {
  const table = sandbox.store.table(`${site}.applications`, Application);
  let lastId = 1;
  table.onChange((_before, after) => {
    lastId = Math.max(lastId, Number(after?.id ?? 0));
  });
  return {
    register(fields) {
      const application = { ...fields, id: String(lastId + 1), clientId: randomSecret(), clientSecret: randomSecret() };
      sandbox.store.commit([table.put(application.clientId, application)]);
      return application;
    },
    get: (clientId) => (clientId === builtInClient.id ? builtIn : table.get(clientId)),
  };
}

/** The one behind tokens that the control API makes; it has no redirect address, so nobody can authorize it. */
const builtIn: Application = {
  id: '1',
  name: 'Sandbox',
  website: null,
  redirectUris: [],
  scopes: 'read write',
  clientId: builtInClient.id,
  clientSecret: builtInClient.secret,
};

const Application = z.object({
  id: z.string(),
  name: z.string(),
  website: z.string().nullable(),
  redirectUris: z.array(z.string()),
  scopes: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
});
