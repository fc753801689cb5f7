import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import { apiError, validationFailed } from './answers.ts';
import type { Attachments } from './attachments.ts';
import type { StatusBody } from './status-body.ts';
import { charactersMax, countCharacters } from './status-text.ts';

/** What a status has beyond a post. */
export type StatusDetail = z.infer<typeof StatusDetail>;
export type Status = { post: Post; detail: StatusDetail };

export type Statuses = {
  /** The status that this key has made within the hour. */
  byKey(account: Account, key: string): Status | 'gone' | undefined;
  /** @throws {RefusalError} 404 or 422 */
  create(account: Account, client: string, body: StatusBody, key: string | undefined): Status;
  get(id: string): Status | undefined;
  /** @throws {RefusalError} 422 */
  edit(status: Status, body: StatusBody): Status;
  remove(status: Status): void;
  clear(): Change[];
};

/** https://docs.joinmastodon.org/methods/statuses/#create: keys are kept for an hour. */
const keyLifeMs = 3_600_000;

export function createStatuses(
  { site, platform, sandbox }: SiteContext,
  attachments: Attachments,
  newId: () => string,
): Statuses {
  const { store, posts, clock } = sandbox;
  const details = store.table(`${site}.statuses`, StatusDetail);
  const keys = store.table(`${site}.idempotency-keys`, IdempotencyKey);

  function get(id: string): Status | undefined {
    const post = posts.get(site, id);
    const detail = details.get(id);
    return post === undefined || detail === undefined ? undefined : { post, detail };
  }

  /** Rows are in the order of their making, and all live equally long. */
  function expiredKeys(): Change[] {
    const expired: Change[] = [];
    for (const row of keys.rows()) {
      if (row.expiresAtMs > clock.nowMs()) break;
      expired.push(keys.drop(row.key));
    }
    return expired;
  }

  return {
    byKey(account, key) {
      const row = keys.get(`${account.id}/${key}`);
      return row === undefined || row.expiresAtMs <= clock.nowMs() ? undefined : (get(row.status) ?? 'gone');
    },
    create(account, client, body, key) {
      const text = body.status.trim();
      const attached = attachments.attachable(account, body.media_ids);
      checkText(text, body, attached.length);
      const parent = body.in_reply_to_id === undefined ? undefined : posts.get(site, body.in_reply_to_id);
      if (body.in_reply_to_id !== undefined && parent === undefined) {
        throw new RefusalError(apiError(404, 'The post you are trying to reply to does not appear to exist.'));
      }
      if (body.quoted_status_id !== undefined && posts.get(site, body.quoted_status_id) === undefined)
        throw new RefusalError(apiError(404, 'Record not found'));
      const id = newId();
      const at = new Date(clock.wallMs()).toISOString();
      const detail = {
        id,
        client,
        visibility: body.visibility,
        sensitive: body.sensitive || body.spoiler_text !== '',
        spoilerText: body.spoiler_text,
        language: body.language ?? 'en',
        attachments: attached.map((attachment) => attachment.id),
        inReplyTo: parent === undefined ? null : { id: parent.id, account: parent.account },
        editedAt: null,
      };
      const rowKey = key === undefined ? undefined : `${account.id}/${key}`;
      const keyRow =
        rowKey === undefined
          ? []
          : [keys.put(rowKey, { key: rowKey, status: id, expiresAtMs: clock.nowMs() + keyLifeMs })];
      const post = posts.accept(
        {
          platform,
          site,
          account: account.id,
          id,
          text,
          media: attached.map(({ medium }) => medium),
          createdAt: at,
          replyTo: parent?.id ?? null,
          details: {
            ...detailsOf(body),
            ...(attached.some(({ focus }) => focus !== null) ? { focus: attached.map(({ focus }) => focus) } : {}),
          },
        },
        [details.put(id, detail), ...attachments.attachTo(id, attached), ...expiredKeys(), ...keyRow],
      );
      return { post, detail };
    },
    get,
    edit({ post, detail }, body) {
      const text = body.status.trim();
      const attached = attachments.ofStatus(post.id, body.media_ids);
      if (attached.length < body.media_ids.length)
        throw new RefusalError(validationFailed('Media not found or already attached to another post'));
      checkText(text, body, attached.length);
      const edited = {
        ...detail,
        sensitive: body.sensitive || body.spoiler_text !== '',
        spoilerText: body.spoiler_text,
        language: body.language ?? detail.language,
        attachments: attached.map(({ id }) => id),
        editedAt: new Date(clock.wallMs()).toISOString(),
      };
      const { poll: _poll, spoiler_text: _warning, sensitive: _sensitive, ...kept } = post.details;
      const { visibility: _visibility, ...given } = detailsOf(body);
      const media = attached.map(({ medium }) => medium);
      const shown = { ...post, text, media, details: { ...kept, ...given } };
      posts.amend(shown, [details.put(post.id, edited)]);
      return { post: shown, detail: edited };
    },
    remove: ({ post }) => posts.remove(post, [details.drop(post.id)]),
    clear: () => [
      ...Array.from(details.rows(), (detail) => details.drop(detail.id)),
      ...Array.from(keys.rows(), (row) => keys.drop(row.key)),
    ],
  };
}

/** @throws {RefusalError} 422 */
function checkText(text: string, { spoiler_text }: StatusBody, fileCount: number): void {
  if (text === '' && fileCount === 0) throw new RefusalError(validationFailed("Text can't be blank"));
  if (countCharacters(text) + countCharacters(spoiler_text) > charactersMax)
    throw new RefusalError(validationFailed(`Text character limit of ${charactersMax} exceeded`));
}

/** What followers see beside text and media. */
function detailsOf(body: StatusBody): Post['details'] {
  const { visibility, spoiler_text, language, sensitive, poll, quoted_status_id, quote_approval_policy } = body;
  const given = { visibility, spoiler_text, language, sensitive, poll, quoted_status_id, quote_approval_policy };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''));
}

const StatusDetail = z.object({
  id: z.string(),
  client: z.string(),
  visibility: z.enum(['public', 'unlisted', 'private', 'direct']),
  sensitive: z.boolean(),
  spoilerText: z.string(),
  language: z.string(),
  attachments: z.array(z.string()).default([]),
  inReplyTo: z.object({ id: z.string(), account: z.string() }).nullable(),
  editedAt: z.string().nullable().default(null),
});

const IdempotencyKey = z.object({ key: z.string(), status: z.string(), expiresAtMs: z.number() });
