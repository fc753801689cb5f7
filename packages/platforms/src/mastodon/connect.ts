import { z } from 'zod';
import type { AccountCall, AccountProfile } from '../port/account.ts';
import type { ConnectedGrant, ManualConnect } from '../port/connect.ts';
import { foreignId } from '../answers/answer-fields.ts';
import { secretField, serverOriginField } from '../connect/credential-fields.ts';
import { callMastodon, instanceOf } from './api.ts';
import { type InstancePlace, readInstance } from './server-rules.ts';

const MastodonCredentials = z.strictObject({
  instance: serverOriginField('the instance'),
  accessToken: secretField('the access token'),
});

const Account = z.object({
  id: foreignId(),
  username: z.string().min(1),
  display_name: z.string().default('').catch(''),
});

export const mastodonManual: ManualConnect = {
  fields: [
    { name: 'instance', label: 'Instance', secret: false, required: true },
    { name: 'accessToken', label: 'Access token', secret: true, required: true },
  ],
  credentials: MastodonCredentials,

  async connect({ http, credentials }): Promise<ConnectedGrant> {
    const { instance, accessToken } = MastodonCredentials.parse(credentials);
    const { service, ...account } = await readProfile({ http, instance, accessToken });
    return { credentials: { accessToken, scopes: [] }, service, accounts: [account] };
  },
};

export function readMastodonAccount({ http, account, accessToken }: AccountCall): Promise<AccountProfile> {
  return readProfile({ http, instance: instanceOf(account), accessToken });
}

export async function readProfile(place: InstancePlace): Promise<AccountProfile> {
  const call = { ...place, method: 'GET', effect: 'read' } as const;
  const account = await callMastodon({ ...call, path: '/api/v1/accounts/verify_credentials', answer: Account });
  const { rules, domain } = await readInstance(place);
  return {
    externalId: account.id,
    handle: `${account.username}@${domain ?? new URL(place.instance).host}`,
    displayName: account.display_name === '' ? account.username : account.display_name,
    service: place.instance,
    ...(rules === null ? {} : { serverRules: rules }),
  };
}
