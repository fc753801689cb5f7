import type { KeyRing, SecretContext } from '@vibetribe/security/key-ring';
import { z } from 'zod';
import { escapeMarkup } from '../escape-markup.ts';

/** What a mail says, in both of its forms. */
export const MailContent = z.object({
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  /** Of notifications: where one click ends them. */
  unsubscribeUrl: z.string().optional(),
});
export type MailContent = z.infer<typeof MailContent>;

const subjectCharactersMax = 150;

/**
 * A mail of some paragraphs and at most one link.
 * @param link.label what it opens, as a verb and a noun
 */
export function mailOf({
  subject,
  paragraphs,
  link,
  unsubscribeUrl,
}: {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  readonly link?: { readonly label: string; readonly url: string };
  readonly unsubscribeUrl?: string;
}): MailContent {
  const ending = unsubscribeUrl === undefined ? [] : [`No more of these mails: ${unsubscribeUrl}`];
  const linked = link === undefined ? [] : [`${link.label}: ${link.url}`];
  const body = paragraphs.map((paragraph) => `<p>${markup(paragraph)}</p>`);
  if (link !== undefined) body.push(`<p><a href="${markup(link.url)}">${markup(link.label)}</a></p>`);
  if (unsubscribeUrl !== undefined)
    body.push(`<p><small><a href="${markup(unsubscribeUrl)}">No more of these mails</a></small></p>`);
  return {
    subject: subject.replaceAll(/\s+/g, ' ').slice(0, subjectCharactersMax),
    text: `${[...paragraphs, ...linked, ...ending].join('\n\n')}\n`,
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${markup(subject)}</title></head><body style="font:16px/1.5 system-ui,sans-serif;max-width:36rem">${body.join('\n')}</body></html>`,
    ...(unsubscribeUrl === undefined ? {} : { unsubscribeUrl }),
  };
}

export function sealMail(keyRing: KeyRing, mailId: string, content: MailContent): string {
  return keyRing.seal(JSON.stringify(content), mailContext(mailId));
}

/** @throws SecretUnreadableError */
export function openMail(keyRing: KeyRing, mailId: string, sealed: string): MailContent {
  return MailContent.parse(JSON.parse(keyRing.open(sealed, mailContext(mailId))));
}

export function mailContext(mailId: string): SecretContext {
  return { organizationId: '', table: 'mails', rowId: mailId, column: 'sealed' };
}

function markup(text: string): string {
  return escapeMarkup(text).replaceAll('\n', '<br>');
}
