import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import { clientOf } from './admit.ts';
import { invalidToken, validationFailed } from './answers.ts';
import type { Application, Applications } from './applications.ts';
import { areKnownScopes } from './scopes.ts';

export const outOfBandUri = 'urn:ietf:wg:oauth:2.0:oob';

/** https://docs.joinmastodon.org/methods/apps/ */
export function appRoutes(app: FastifyInstance, context: SiteContext, applications: Applications): void {
  app.get('/api/v1/apps/verify_credentials', (request) => {
    const made = applications.get(clientOf(context, request));
    if (made === undefined) throw new RefusalError(invalidToken());
    return shownTo(made);
  });

  app.post('/api/v1/apps', (request) => {
    const parsed = AppBody.safeParse(request.body ?? {});
    if (!parsed.success)
      throw new RefusalError(validationFailed(parsed.error.issues.map((issue) => issue.message).join(', ')));
    const { client_name, redirect_uris, scopes, website } = parsed.data;
    const made = applications.register({ name: client_name, website, redirectUris: redirect_uris, scopes });
    return {
      ...shownTo(made),
      client_id: made.clientId,
      client_secret: made.clientSecret,
      client_secret_expires_at: 0,
    };
  });
}

function shownTo(made: Application) {
  return {
    id: made.id,
    name: made.name,
    website: made.website,
    scopes: made.scopes.split(' '),
    redirect_uris: made.redirectUris,
    redirect_uri: made.redirectUris.join('\n'),
    vapid_key: 'BCk-QqERU0q-CfYZjcuB6lnyyOYfJ2AifKqfeGIm7Z-HiTU5T9eTG5GxVA0_OH5mMlI4UkkDTpaZwozy0TzdZ2M=',
  };
}

const RedirectUri = z
  .string()
  .refine((uri) => uri === outOfBandUri || URL.canParse(uri), 'Redirect URI must be an absolute URI.');

const AppBody = z.object({
  client_name: z.string("Application name can't be blank").min(1, "Application name can't be blank"),
  redirect_uris: z
    .union([z.string(), z.array(z.string())], "Redirect URI can't be blank")
    .transform((uris) => (typeof uris === 'string' ? uris.split(/\s+/) : uris).filter(Boolean))
    .pipe(z.array(RedirectUri).min(1, "Redirect URI can't be blank")),
  scopes: z.string().default('read').refine(areKnownScopes, "Scopes doesn't match configured on the server."),
  website: z
    .string()
    .nullish()
    .transform((website) => website ?? null),
});
