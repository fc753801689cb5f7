import { unsubscribePath } from '@vibetribe/core/notifications/unsubscribe-path';
import { checkUnsubscribe, unsubscribe } from '@vibetribe/core/notifications/unsubscribe';
import type { ApiServices } from '../../api-services.ts';
import type { FormPage } from '../../http/form-page.ts';

/** Where the link at the end of a mail leads; mail programs send its form by themselves (RFC 8058). */
export function unsubscribePage(services: Pick<ApiServices, 'db'>): FormPage {
  return {
    path: unsubscribePath,
    operationId: 'unsubscribe',
    summary: 'End the mails about an organization',
    tag: 'notifications',
    async ask(token) {
      const { organizationName } = await checkUnsubscribe(services, token);
      return { title: `No more mails about ${organizationName}?`, fields: [], button: 'No more mails' };
    },
    async answer({ token }) {
      const { organizationName } = await unsubscribe(services, token);
      return `You get no more mails about ${organizationName}.`;
    },
  };
}
