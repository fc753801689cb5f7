import { acceptInvitation, findInvitation } from '@vibetribe/core/members/accept-invitation';
import type { ApiServices } from '../../api-services.ts';
import type { Field, FormPage } from '../../http/form-page.ts';

export const invitationPath = '/invitations/accept';

const name: Field = { name: 'name', label: 'Your name', autocomplete: 'name' };
const newPassword: Field = {
  name: 'password',
  label: 'A password (10 characters or more)',
  autocomplete: 'new-password',
};
const code: Field = {
  name: 'totp',
  label: 'A code of your authenticator app, where you use one',
  autocomplete: 'one-time-code',
  isOptional: true,
};
const password: Field = { name: 'password', label: 'Your password', autocomplete: 'current-password' };

/** Where an invitation's link leads. */
export function invitationPage(services: ApiServices): FormPage {
  return {
    path: invitationPath,
    operationId: 'acceptInvitation',
    summary: 'Join an organization from its invitation',
    tag: 'members',
    async ask(token) {
      const { organizationName, email, role, user } = await findInvitation(services, token);
      return {
        title: `Join ${organizationName}`,
        text: `You are invited as ${role}, with the address ${email}.`,
        fields: user === null ? [name, newPassword] : [password, code],
        button: 'Join',
      };
    },
    async answer({ token, name: given, password: word, totp }, request) {
      const invitation = await findInvitation(services, token);
      const called = given?.trim() ?? '';
      const input = {
        token,
        ...(called === '' ? {} : { name: called }),
        ...(word === undefined ? {} : { password: word }),
        ...(totp === undefined || totp === '' ? {} : { totp }),
      };
      const accept = () => acceptInvitation(services, invitation, { input, signedInUserId: null });
      const { organization } =
        invitation.user === null
          ? await accept()
          : await services.signInLimit.logIn(services.knownDevices.from(request, invitation.email), accept);
      return `You belong to ${organization.name} now. Sign in to go on.`;
    },
  };
}
