import { z } from 'zod';
import type { ServerRules } from '../port/account.ts';
import type { ConnectedGrant, ManualConnect } from '../port/connect.ts';
import { foreignId } from '../answer-fields.ts';
import { secretField, serverOriginField } from '../credential-fields.ts';
import { PlatformError } from '../platform-error.ts';
import type { PlatformHttp } from '../platform-http.ts';
import { callMastodon } from './api.ts';
import { InstanceConfiguration, serverRulesIn } from './instance-configuration.ts';

const MastodonCredentials = z.strictObject({
  instance: serverOriginField('the instance'),
  accessToken: secretField('the access token'),
});

const Account = z.object({ id: foreignId(), username: z.string().min(1), display_name: z.string().default('') });

export const mastodonManual: ManualConnect = {
  fields: [
    { name: 'instance', label: 'Instance', secret: false, required: true },
    { name: 'accessToken', label: 'Access token', secret: true, required: true },
  ],
  credentials: MastodonCredentials,

  async connect({ http, credentials }): Promise<ConnectedGrant> {
    const { instance, accessToken } = MastodonCredentials.parse(credentials);
    const call = { http, instance, accessToken, method: 'GET', effect: 'read' } as const;
    const account = await callMastodon({ ...call, path: '/api/v1/accounts/verify_credentials', answer: Account });
    const serverRules = await serverRulesOf({ http, instance, accessToken });
    return {
      credentials: { accessToken, scopes: [] },
      service: instance,
      accounts: [
        {
          externalId: account.id,
          handle: `${account.username}@${new URL(instance).host}`,
          displayName: account.display_name === '' ? account.username : account.display_name,
          ...(serverRules === undefined ? {} : { serverRules }),
        },
      ],
    };
  },
};

const Instance = z.object({ configuration: InstanceConfiguration });

/** Undefined where the server refuses to tell or tells it otherwise: servers that only speak Mastodon's API differ here. */
async function serverRulesOf(place: {
  http: PlatformHttp;
  instance: string;
  accessToken: string;
}): Promise<ServerRules | undefined> {
  try {
    const { configuration } = await callMastodon({
      ...place,
      method: 'GET',
      path: '/api/v2/instance',
      effect: 'read',
      answer: Instance,
    });
    return serverRulesIn(configuration);
  } catch (error) {
    if (error instanceof PlatformError) return undefined;
    throw error;
  }
}
