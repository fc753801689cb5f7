import { createSiteMemory, type StandInAccount, type StandInPost } from './site-memory.ts';
import {
  type Lists,
  type SiteAnswer,
  type SiteApi,
  type SiteReply,
  type SiteRequest,
  unknownRoute,
} from './serve-site.ts';

/** A server that speaks Mastodon's API in its own way. */
export interface MastodonHabits {
  /** What it says of itself; null: nothing. */
  readonly software: string | null;
  /** What it does with an Idempotency-Key: gives the same status again, looks at none, refuses one that it has seen. */
  readonly keys: 'known' | 'ignored' | 'refused';
  /** Quotes, dashes and links come out otherwise than they were sent. */
  readonly rewrites: boolean;
  readonly pageMax: number;
  /** Whether statuses name the application that made them. */
  readonly namesApplications: boolean;
  readonly ids: 'numbers' | 'letters';
  readonly clockOffsetMs: number;
}

const ourApplication = 'VibeTribe';
const handApplication = 'Web';

export function createMastodonSite(firstAccountId: number, habits: MastodonHabits): SiteApi {
  const memory = createSiteMemory(firstAccountId);
  const byKey = new Map<string, StandInPost>();
  const now = () => Date.now() + habits.clockOffsetMs;
  const nextId = createIds(habits.ids, now, firstAccountId);
  let uploads = 0;

  const accept = (
    account: StandInAccount,
    content: Pick<StandInPost, 'sent' | 'text' | 'warning' | 'mediaIds' | 'replyTo' | 'byHand'>,
  ) =>
    memory.accept({
      ...content,
      id: nextId(),
      account: account.id,
      receivedAtMs: Date.now(),
      createdAt: new Date(now()).toISOString(),
    });

  const create = (
    account: StandInAccount,
    body: SiteRequest['body'],
    key: string | null,
    changed: (text: string) => string,
  ): SiteReply => {
    const known = key === null || habits.keys === 'ignored' ? undefined : byKey.get(`${account.id} ${key}`);
    if (known !== undefined && habits.keys === 'refused')
      return { status: 400, json: { error: 'Duplicate idempotency key' } };
    if (known !== undefined) return { status: 200, json: viewOf(known, habits) };
    const sent = body.text('status');
    const post = accept(account, {
      sent,
      text: changed(habits.rewrites ? typographic(sent) : sent),
      warning: body.text('spoiler_text'),
      mediaIds: body.mediaIds,
      replyTo: body.replyTo,
      byHand: false,
    });
    if (key !== null) byKey.set(`${account.id} ${key}`, post);
    return { status: 200, json: viewOf(post, habits) };
  };

  return {
    platform: 'mastodon',
    memory,
    postByHand: (account, text) =>
      void accept(account, { sent: text, text, warning: '', mediaIds: [], replyTo: null, byHand: true }),
    clockOffsetMs: habits.clockOffsetMs,
    errorBody: { error: 'Something went wrong' },
    answer(request, lists): SiteAnswer {
      const { method, path, account, origin } = request;
      if (path === '/.well-known/nodeinfo' && habits.software !== null)
        return { status: 200, json: { links: [{ rel: nodeInfoSchema, href: `${origin}/nodeinfo/2.0` }] } };
      if (path === '/nodeinfo/2.0' && habits.software !== null)
        return { status: 200, json: { version: '2.0', software: { name: habits.software, version: '1' } } };
      if (path.startsWith('/api/v1/instance') || path.startsWith('/api/v2/instance'))
        return { status: 200, json: { domain: new URL(origin).host, uri: new URL(origin).host, configuration } };
      if (path.startsWith('/.well-known') || path.startsWith('/nodeinfo')) return missing;
      if (account === null) return { status: 401, json: { error: 'The access token is invalid' } };
      if (path === '/api/v1/apps/verify_credentials')
        return habits.namesApplications ? { status: 200, json: { name: ourApplication } } : missing;
      if (path === '/api/v1/accounts/verify_credentials')
        return { status: 200, json: { id: account.id, username: account.handle, display_name: account.handle } };
      if (method === 'POST' && path === '/api/v1/statuses') {
        memory.noteRequest(account, request.body.text('status'));
        return { create: (changed) => create(account, request.body, request.header('idempotency-key'), changed) };
      }
      if (method === 'POST' && path === '/api/v2/media') {
        uploads += 1;
        return { status: 200, json: { id: String(uploads), type: 'image', url: `${origin}/media/${uploads}` } };
      }
      const [, list] = /^\/api\/v1\/accounts\/(\w+)\/statuses$/u.exec(path) ?? [];
      if (method === 'GET' && list !== undefined) return page(list, request, lists);
      const [, one] = /^\/api\/v1\/statuses\/(\w+)$/u.exec(path) ?? [];
      const status = one === undefined ? null : memory.get(one);
      if (status !== null) return { status: 200, json: viewOf(status, habits) };
      return one === undefined ? { status: 404, json: unknownRoute } : missing;
    },
  };

  function page(account: string, { query }: SiteRequest, lists: Lists): SiteReply {
    const listed = lists.shown(memory.listOf(account));
    const below = query.get('max_id');
    const start = below === null ? 0 : listed.findIndex(({ id }) => id === below) + 1;
    const size = Math.min(habits.pageMax, Number(query.get('limit') ?? 20));
    return { status: 200, json: listed.slice(start, start + size).map((post) => viewOf(post, habits)) };
  }
}

const nodeInfoSchema = 'http://nodeinfo.diaspora.software/ns/schema/2.0';
const configuration = { statuses: { max_characters: 500, characters_reserved_per_url: 23, max_media_attachments: 4 } };
const missing: SiteReply = { status: 404, json: { error: 'Record not found' } };

/** Numbers rise; letters, as ULIDs do, rise too but are none that the product can compare. */
function createIds(kind: MastodonHabits['ids'], now: () => number, firstAccountId: number): () => string {
  // No two sites give the same id.
  const ownShare = BigInt(firstAccountId % 9_973);
  let last = 0n;
  return () => {
    const wanted = (BigInt(now()) << 20n) + ownShare;
    last = wanted > last ? wanted : last + 10_007n;
    return kind === 'numbers' ? String(last) : `01S${last.toString(36).toUpperCase()}`;
  };
}

/** Quotes curl, two dashes become one, and links are shortened. */
function typographic(text: string): string {
  return text
    .replace(/"([^"]*)"/gu, '“$1”')
    .replaceAll(' -- ', ' – ')
    .replace(/https?:\/\/\S+/gu, 'https://s.test/ab12');
}

function viewOf(post: StandInPost, habits: MastodonHabits) {
  const { id, account, text, warning, createdAt, mediaIds, byHand } = post;
  const application = { name: byHand ? handApplication : ourApplication };
  return {
    id,
    created_at: createdAt,
    content: htmlOf(text),
    spoiler_text: warning,
    media_attachments: mediaIds.map((each) => ({ id: each, type: 'image' })),
    reblog: null,
    url: `https://stand-in.test/${account}/${id}`,
    uri: `https://stand-in.test/${account}/${id}`,
    ...(habits.namesApplications ? { application } : {}),
  };
}

function htmlOf(text: string): string {
  const escaped = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  return `<p>${escaped.replace(/https?:\/\/[^\s”]+/gu, (link) => `<a href="${link}">${link}</a>`)}</p>`;
}
