import { createTransport } from 'nodemailer';
import type { MailContent } from './mail-content.ts';

/** `refused`: the server will not take it, however often it is asked. `error` says no more than a log may. */
export type MailResult = { readonly kind: 'sent' } | { readonly kind: 'failed' | 'refused'; readonly error: string };

export interface MailSender extends Disposable {
  send(mail: { readonly id: string; readonly recipient: string; readonly content: MailContent }): Promise<MailResult>;
}

const connectTimeoutMs = 10_000;
const socketTimeoutMs = 20_000;
/** Connections of one process. */
export const mailsAtOnce = 4;

/**
 * Sends by SMTP. A password goes over TLS alone, unless the server is on this machine.
 * @param from a name and an address
 */
export function createSmtpSender({ url, from }: { readonly url: string; readonly from: string }): MailSender {
  const server = new URL(url);
  const domain = /@([^\s<>@]+)>?$/.exec(from)?.[1] ?? 'localhost';
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(server.hostname);
  const transport = createTransport({
    host: server.hostname.replaceAll(/[[\]]/g, ''),
    port: Number(server.port) || (server.protocol === 'smtps:' ? 465 : 587),
    secure: server.protocol === 'smtps:',
    requireTLS: server.username !== '' && !isHere,
    ...(server.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) } }),
    pool: true,
    maxConnections: mailsAtOnce,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: socketTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ id, recipient, content: { subject, text, html, unsubscribeUrl } }) {
      try {
        await transport.sendMail({
          from,
          // An object keeps the library from reading one address as a list.
          to: { name: '', address: recipient },
          subject,
          text,
          html,
          // Each try has the same id, so that a mail that arrived twice can be told.
          messageId: `<${id}@${domain}>`,
          headers: {
            'Auto-Submitted': 'auto-generated',
            ...(unsubscribeUrl === undefined
              ? {}
              : { 'List-Unsubscribe': `<${unsubscribeUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
          },
        });
        return { kind: 'sent' };
      } catch (error) {
        return failureOf(error);
      }
    },
    [Symbol.dispose]: () => transport.close(),
  };
}

/** Leaves out the server's words, which quote addresses. */
function failureOf(error: unknown): MailResult {
  const field = (name: string): unknown => (error instanceof Error ? Reflect.get(error, name) : undefined);
  const [status, code] = [field('responseCode'), field('code')];
  if (code === 'EAUTH') return { kind: 'failed', error: 'the mail server refused the login' };
  if (typeof status === 'number')
    return { kind: status >= 500 ? 'refused' : 'failed', error: `the mail server answered ${status}` };
  return {
    kind: 'failed',
    error: `the mail server could not be used (${typeof code === 'string' ? code : 'unknown'})`,
  };
}
