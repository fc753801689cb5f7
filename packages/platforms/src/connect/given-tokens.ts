import { GivenTime } from '@vibetribe/contracts/given-time';
import { z } from 'zod';
import type { Credentials, ManualConnect } from '../port/connect.ts';
import { secretField } from './credential-fields.ts';

/** Tokens that were made elsewhere, as the form of a platform takes them. */
export const tokenFields = {
  accessToken: secretField('the access token'),
  refreshToken: secretField('the refresh token').optional(),
  expiresAt: GivenTime.optional(),
};
const GivenTokens = z.object(tokenFields);
export type GivenTokens = z.infer<typeof GivenTokens>;

/** The form. @param accountLabel what the platform calls the id of an account */
export function tokenForm(accountLabel: string): ManualConnect['fields'] {
  return [
    { name: 'accessToken', label: 'Access token', secret: true, required: true },
    { name: 'refreshToken', label: 'Refresh token', secret: true, required: false },
    { name: 'expiresAt', label: 'Access token expires at', secret: false, required: false },
    { name: 'externalId', label: accountLabel, secret: false, required: false },
  ];
}

/** What is kept of them. What the platform allows with them is not known. */
export function credentialsGiven({ accessToken, refreshToken, expiresAt }: GivenTokens): Credentials {
  return {
    accessToken,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    scopes: [],
  };
}
