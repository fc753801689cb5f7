import type { ConsentQuestion } from '@vibetribe/core/accounts/connect/finish-connect';
import { escapeMarkup } from '@vibetribe/core/escape-markup';
import { page } from './page.ts';

/** Asks whoever has given a consent whether this organization is the one that they meant. */
export function consentPage(question: ConsentQuestion, { action }: { readonly action: string }): string {
  const { organization, askedBy, platformName, accounts, code } = question;
  const asker =
    askedBy === null ? '' : `<p>It was begun by ${escapeMarkup(askedBy.name)} (${escapeMarkup(askedBy.email)}).</p>`;
  const choices = accounts.map(
    ({ externalId, handle, displayName }) =>
      `<label><input type="checkbox" name="account" value="${escapeMarkup(externalId)}" checked> ${escapeMarkup(displayName)} (${escapeMarkup(handle)})</label>`,
  );
  return page(
    `<h1>${escapeMarkup(organization.name)} asks to post for you on ${escapeMarkup(platformName)}</h1>
${asker}
<p>Whoever works there will be able to publish through what you choose here. If somebody sent you a link and you do not know this
organization, say no.</p>
<form method="post" action="${escapeMarkup(action)}">
<input type="hidden" name="code" value="${escapeMarkup(code)}">
${choices.join('\n')}
<p><button name="answer" value="connect">Connect to ${escapeMarkup(organization.name)}</button>
<button name="answer" value="decline">No</button></p>
</form>`,
  );
}

export function consentEndPage({ connected }: { readonly connected: number }): string {
  const told = connected === 0 ? 'Nothing was connected.' : `Connected: ${connected}.`;
  return page(`<h1>${told}</h1><p>You can close this page.</p>`);
}
