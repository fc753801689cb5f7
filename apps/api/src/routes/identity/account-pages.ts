import { NewPassword } from '@vibetribe/contracts/auth';
import { DomainError } from '@vibetribe/core/domain-error';
import { checkEmailLink, confirmEmailChange } from '@vibetribe/core/identity/change-email';
import { checkResetLink, resetPassword } from '@vibetribe/core/identity/reset-password';
import type { ApiServices } from '../../api-services.ts';
import type { FormPage } from '../../http/form-page.ts';

export const resetPath = '/password/reset';
export const emailPath = '/email/confirm';

/** Where the link of a mail about a lost password leads. */
export function resetPage(services: ApiServices): FormPage {
  return {
    path: resetPath,
    operationId: 'resetPassword',
    summary: 'Set another password from a mailed link',
    tag: 'auth',
    async ask(token) {
      await checkResetLink(services, token);
      return {
        title: 'Set another password',
        text: 'Every session of yours ends with it.',
        fields: [{ name: 'password', label: 'A password (10 characters or more)', autocomplete: 'new-password' }],
        button: 'Set the password',
      };
    },
    async answer({ token, password }, request) {
      const chosen = NewPassword.safeParse(password);
      if (!chosen.success) throw new DomainError('validation_failed', 'The password must have 10 to 200 characters.');
      const { email } = await resetPassword(services, { token, newPassword: chosen.data });
      await services.signInLimit.know(services.knownDevices.from(request, email));
      return 'Your password is set. Sign in with it.';
    },
  };
}

/** Where the link of a mail about another address leads. */
export function emailPage(services: ApiServices): FormPage {
  return {
    path: emailPath,
    operationId: 'confirmEmail',
    summary: 'Confirm another address from a mailed link',
    tag: 'auth',
    errors: ['email_taken'],
    async ask(token) {
      await checkEmailLink(services, token);
      return { title: 'Use this address for your user?', fields: [], button: 'Use it' };
    },
    async answer({ token }) {
      const { email } = await confirmEmailChange(services, token);
      return `Your address is ${email} now.`;
    },
  };
}
