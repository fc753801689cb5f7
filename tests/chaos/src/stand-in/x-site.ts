import type { SiteMemory, StandInAccount, StandInPost } from './site-memory.ts';
import { createSiteMemory } from './site-memory.ts';
import {
  type SiteAnswer,
  type SiteApi,
  type SiteReply,
  type SiteRequest,
  type Lists,
  unknownRoute,
} from './serve-site.ts';

export interface XHabits {
  /** An account of which X takes an equal text again; of the others it refuses it, as the real one does. */
  readonly takesDuplicates: (account: StandInAccount) => boolean;
  /** The most that a page of a list has, whatever was asked for. */
  readonly pageMax: number;
  readonly clockOffsetMs: number;
}

const epochMs = 1_288_834_974_657n;

/** X's API as far as the product uses it, below `/x`. */
export function createXSite(firstAccountId: number, habits: XHabits): SiteApi {
  const memory = createSiteMemory(firstAccountId);
  const now = () => Date.now() + habits.clockOffsetMs;
  let lastId = 0n;
  const nextId = () => {
    const wanted = (BigInt(now()) - epochMs) << 22n;
    lastId = wanted > lastId ? wanted : lastId + 1n;
    return String(lastId);
  };
  let uploads = 0;

  const accept = (
    account: StandInAccount,
    content: Pick<StandInPost, 'sent' | 'text' | 'mediaIds' | 'replyTo' | 'byHand'>,
  ) =>
    memory.accept({
      ...content,
      id: nextId(),
      account: account.id,
      warning: '',
      receivedAtMs: Date.now(),
      createdAt: new Date(now()).toISOString(),
    });

  const create = (account: StandInAccount, body: SiteRequest['body'], changed: (text: string) => string) => {
    const text = body.text('text');
    const isRefused = !habits.takesDuplicates(account) && memory.listOf(account.id).some(({ sent }) => sent === text);
    if (isRefused) return forbidden('You are not allowed to create a Tweet with duplicate content.');
    const { mediaIds, replyTo } = body;
    const post = accept(account, { sent: text, text: changed(text), mediaIds, replyTo, byHand: false });
    return { status: 201, json: { data: { id: post.id, text: viewOf(post).text } } };
  };

  return {
    platform: 'x',
    memory,
    postByHand: (account, text) =>
      void accept(account, { sent: text, text, mediaIds: [], replyTo: null, byHand: true }),
    clockOffsetMs: habits.clockOffsetMs,
    errorBody: { errors: [{ title: 'Internal Error', detail: 'Something went wrong.', type: 'about:blank' }] },
    answer(request, lists): SiteAnswer {
      const { method, account } = request;
      const path = request.path.replace(/^\/x/u, '');
      if (path === '/2/oauth2/revoke') return { status: 200, json: { revoked: true } };
      if (account === null) return { status: 401, json: { title: 'Unauthorized', type: 'about:blank', status: 401 } };
      if (method === 'GET' && path === '/2/users/me')
        return { status: 200, json: { data: { id: account.id, name: account.handle, username: account.handle } } };
      if (method === 'POST' && path === '/2/tweets') {
        memory.noteRequest(account, request.body.text('text'));
        return { create: (changed) => create(account, request.body, changed) };
      }
      if (method === 'POST' && /^\/2\/media\/upload\/\d+\/append$/u.test(path)) return { status: 200, json: {} };
      const [, id] = /^\/2\/media\/upload\/(\d+)\/finalize$/u.exec(path) ?? [];
      if (method === 'POST' && id !== undefined)
        return { status: 200, json: { data: { id, media_key: `7_${id}`, expires_after_secs: 86_400 } } };
      if (method === 'POST' && ['/2/media/upload', '/2/media/upload/initialize'].includes(path)) {
        uploads += 1;
        return {
          status: 200,
          json: { data: { id: `${uploads}`, media_key: `3_${uploads}`, expires_after_secs: 86_400 } },
        };
      }
      if (method === 'POST' && path === '/2/media/metadata') return { status: 200, json: {} };
      const [, list] = /^\/2\/users\/(\d+)\/tweets$/u.exec(path) ?? [];
      if (method === 'GET' && list !== undefined) return page(memory, list, request, lists, habits.pageMax);
      const [, one] = /^\/2\/tweets\/(\d+)$/u.exec(path) ?? [];
      if (method === 'GET' && one !== undefined) return single(memory, one);
      return { status: 404, json: unknownRoute };
    },
  };
}

function page(memory: SiteMemory, account: string, { query }: SiteRequest, lists: Lists, pageMax: number): SiteReply {
  const below = query.get('pagination_token');
  const since = query.get('since_id');
  const range = lists
    .shown(memory.listOf(account))
    .filter(
      ({ id }) => (below === null || BigInt(id) < BigInt(below)) && (since === null || BigInt(id) > BigInt(since)),
    );
  const posts = range.slice(0, Math.min(pageMax, Number(query.get('max_results') ?? 10)));
  const last = posts.at(-1);
  const meta = {
    result_count: posts.length,
    ...(last === undefined || posts.length === range.length ? {} : { next_token: last.id }),
  };
  return { status: 200, json: posts.length === 0 ? { meta } : { data: posts.map(viewOf), meta } };
}

function single(memory: SiteMemory, id: string): SiteReply {
  const post = memory.get(id);
  if (post !== null) return { status: 200, json: { data: viewOf(post) } };
  const type = 'https://api.x.com/2/problems/resource-not-found';
  return { status: 200, json: { errors: [{ value: id, title: 'Not Found Error', type }] } };
}

/** Every link is one of X's own, and `&`, `<` and `>` are escaped. */
function viewOf({ id, text, createdAt, mediaIds }: StandInPost) {
  const urls: { url: string; expanded_url: string }[] = [];
  const shown = text.replace(/https?:\/\/[^\s”]+/gu, (link) => {
    const url = `https://t.co/${id.slice(-8)}${urls.length}`;
    urls.push({ url, expanded_url: link });
    return url;
  });
  return {
    id,
    text: shown.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    created_at: createdAt,
    ...(mediaIds.length === 0 ? {} : { attachments: { media_keys: mediaIds.map((each) => `3_${each}`) } }),
    ...(urls.length === 0 ? {} : { entities: { urls } }),
  };
}

function forbidden(detail: string): SiteReply {
  return { status: 403, json: { title: 'Forbidden', detail, type: 'about:blank', status: 403 } };
}
