import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ControlSurroundings } from '../control/control-routes.ts';
import type { Site } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { sendDocument } from './document.ts';
import { html, type Html } from './html.ts';
import { counted, postCard } from './post-card.ts';

const postsShown = 50;
const accountsShown = 200;

/** What followers see, newest first, for everything, one site or one account. */
export function feedPage(app: FastifyInstance, { sandbox, faults, sites }: ControlSurroundings): void {
  app.get('/', (request, reply) => {
    const { site: siteId, account, before } = FeedQuery.parse(request.query);
    const filter = {
      ...(siteId === undefined ? {} : { site: siteId }),
      ...(siteId === undefined || account === undefined ? {} : { account }),
    };
    const posts = sandbox.posts.page(filter, before ?? Infinity, postsShown);
    const oldest = posts.at(-1);
    const more = oldest !== undefined && sandbox.posts.page(filter, oldest.seq, 1).length > 0;
    const cards = posts.flatMap((post) => {
      const site = sites.find((each) => each.id === post.site);
      if (site === undefined) return [];
      const account = sandbox.accounts.byId(post.site, post.account);
      const place = { title: site.title, url: site.postUrl(post) };
      const card = postCard(post, sandbox.audience.ofPost(post), account, place);
      return [html`<li data-key="${post.site} ${post.id}">${card}</li>`];
    });
    const body = html`<header>
        <h1><a href="/">Platform sandbox</a></h1>
        <small
          >What the followers of each account see. Control:
          ${controlLinks.map((path) => html`<a href="/_sandbox/${path}">${path}</a> `)}</small
        >
      </header>
      <main class="columns">
        <nav aria-label="Accounts" data-live="accounts">${sites.map((site) => accountList(site, account))}</nav>
        <div>
          <ul class="faults" data-live="faults">
            ${faults.list().map((fault) => html`<li data-key="${fault.id}">${faultText(fault)}</li>`)}
          </ul>
          <ol data-live="posts">
            ${cards}
          </ol>
          ${cards.length === 0 ? html`<p class="quiet">Nothing has been posted here.</p>` : null}
          ${more ? html`<p><a href="${address(siteId, account, oldest.seq)}">Older posts</a></p>` : null}
        </div>
      </main>`;
    return sendDocument(reply, { title: 'Platform sandbox', body, refreshes: before === undefined });
  });

  function accountList(site: Site, current: string | undefined): Html {
    const accounts = sandbox.accounts.ofSite(site.id);
    const entries = accounts.slice(-accountsShown).reverse();
    return html`<section data-key="${site.id}">
      <h2><a href="${address(site.id)}">${site.title}</a> <small>${accounts.length}</small></h2>
      <ul>
        ${entries.map((account) => entry(site, account, account.id === current))}
      </ul>
    </section>`;
  }

  function entry(site: Site, account: Account, isCurrent: boolean): Html {
    const mark = isCurrent ? html` aria-current="page"` : null;
    return html`<li>
      <a href="${address(site.id, account.id)}" ${mark}>@${account.handle}</a>
      <small
        >${counted(sandbox.posts.ofAccount(site.id, account.id).length, 'post')},
        ${counted(sandbox.audience.followers(account), 'follower')}</small
      >
    </li>`;
  }
}

const controlLinks = ['posts', 'requests', 'stats', 'faults', 'hosts'];

const FeedQuery = z.object({
  site: z.string().optional().catch(undefined),
  account: z.string().optional().catch(undefined),
  before: z.coerce.number().int().positive().optional().catch(undefined),
});

function address(site?: string, account?: string, before?: number): string {
  const query = new URLSearchParams();
  if (site !== undefined) query.set('site', site);
  if (account !== undefined) query.set('account', account);
  if (before !== undefined) query.set('before', String(before));
  return `/?${query.toString()}`;
}

function faultText(fault: {
  kind: string;
  platform?: string | undefined;
  account?: string | undefined;
  fired: number;
  times?: number | undefined;
}): string {
  const where = [fault.platform ?? 'every platform', fault.account].filter(Boolean).join(', ');
  const left = fault.times === undefined ? 'until cleared' : `${fault.times} times`;
  return `Fault ${fault.kind} on ${where}, ${left}; struck ${fault.fired} times`;
}
