import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendDocument } from '../page/document.ts';
import { html } from '../page/html.ts';
import type { Account } from '../state/accounts.ts';

/** Asks which account to connect. Choosing one asks for the same address again, with `sandbox_approve` added. */
export function sendConsentPage(
  reply: FastifyReply,
  request: FastifyRequest,
  page: { siteTitle: string; accounts: readonly Account[]; scope: string; redirectUri: string; denyUrl: string },
): FastifyReply {
  const { pathname, searchParams } = new URL(request.originalUrl, 'http://localhost');
  const approve = (handle: string) => {
    const query = new URLSearchParams(searchParams);
    query.set('sandbox_approve', handle);
    return `${pathname}?${query.toString()}`;
  };
  const body = html`<div class="narrow card">
    <h1>Connect an account of ${page.siteTitle}</h1>
    <p class="quiet">The application asks for: ${page.scope}. It continues at ${page.redirectUri}.</p>
    <ul>
      ${page.accounts.slice(0, 100).map((account) => html`<li><a href="${approve(account.handle)}">@${account.handle}</a></li>`)}
    </ul>
    <form method="get" action="${pathname}">
      ${[...searchParams].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
      <input name="sandbox_approve" placeholder="another handle" aria-label="handle" required />
      <button>Connect</button>
    </form>
    <p><a href="${page.denyUrl}">Refuse</a></p>
  </div>`;
  // Browsers hold the form to this along every redirect that follows, and the application's callback may send people on.
  return sendDocument(reply, { title: `Connect ${page.siteTitle}`, body, formTargets: ['http:', 'https:'] });
}

/** A request that is not worth a redirect: who sent it cannot be trusted with one. */
export function sendConsentError(reply: FastifyReply, siteTitle: string, status: number, text: string): FastifyReply {
  const body = html`<div class="narrow card">
    <h1>${siteTitle}</h1>
    <p>${text}</p>
  </div>`;
  return sendDocument(reply, { title: siteTitle, status, body });
}

/** The redirect address with these parameters added to its query. */
export function withQuery(address: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(address);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}
