import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp, PlatformResponse } from '../port/platform-http.ts';
import type { AdapterAccount } from '../port/account.ts';
import type { PublishFate, PublishRun } from '../port/publish.ts';
import { accessTo, type TokenAccess } from '../connect/token-access.ts';
import { callTikTok } from './api.ts';
import { failureOf } from './errors.ts';

const Status = z.object({
  status: z.enum(['PROCESSING_UPLOAD', 'PROCESSING_DOWNLOAD', 'SEND_TO_USER_INBOX', 'PUBLISH_COMPLETE', 'FAILED']),
  fail_reason: z.string().optional().catch(undefined),
  uploaded_bytes: z.number().optional().catch(undefined),
  postId: z.string().nullable(),
});
export type PublishStatus = z.infer<typeof Status>;

/** What became of a publish id. https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status, read 2026-11. */
export function readStatus(call: TokenAccess, http: PlatformHttp, publishId: string): Promise<PublishStatus> {
  return callTikTok({
    ...accessTo(call, http),
    method: 'POST',
    path: '/v2/post/publish/status/fetch/',
    json: { publish_id: publishId },
    effect: 'read',
    data: Status,
    read: withPostId,
  });
}

const Whole = z.object({ data: z.record(z.string(), z.unknown()) });

/** The post's id is an integer beyond what JavaScript's numbers hold: it is read from the text, under the name that it has. */
function withPostId({ json, text }: PlatformResponse): unknown {
  const whole = Whole.safeParse(json).data;
  if (whole === undefined) return json;
  const [, postId = null] = /"publicaly_available_post_id"\s*:\s*\[\s*"?(\d{1,30})/u.exec(text) ?? [];
  return { data: { ...whole.data, postId } };
}

export interface SentPublish {
  readonly publishId: string;
  /** When TikTok had taken all of it. */
  readonly sentAt: string;
  /** Everybody may see it: then it gets an id of its own. */
  readonly isPublic: boolean;
  readonly kind: 'video' | 'photo';
}

const pollAfterMs = 5_000;
const moderationPollMs = 15_000;
/** TikTok looks at a public post before it names it, "usually within one minute": after this it is known by its publish id. */
const namelessMsMax = 5 * 60_000;

/** Goes on until TikTok says what became of it. */
export async function followPublish(run: PublishRun, sent: SentPublish): Promise<PublishFate> {
  const working = { kind: 'processing', pollAfterMs, detail: 'TikTok is working on the post' } as const;
  const status = await readStatus(run, run.http, sent.publishId).catch((error: unknown) => {
    if (error instanceof PlatformError && ['network', 'unavailable', 'rate_limit'].includes(error.kind)) return null;
    throw error;
  });
  switch (status?.status) {
    case undefined:
    case 'PROCESSING_UPLOAD':
    case 'PROCESSING_DOWNLOAD':
      return working;
    case 'FAILED':
      return { kind: 'turned_down', error: failureOf(status?.fail_reason) };
    case 'SEND_TO_USER_INBOX':
      return { kind: 'published', platformPostId: sent.publishId, url: null };
    case 'PUBLISH_COMPLETE': {
      const postId = status?.postId ?? null;
      if (postId !== null) return { kind: 'published', ...placeOf(run.account, postId, sent.kind) };
      const isNameless = sent.isPublic && run.now.getTime() - Date.parse(sent.sentAt) < namelessMsMax;
      if (!isNameless) return { kind: 'published', platformPostId: sent.publishId, url: null };
      return { ...working, pollAfterMs: moderationPollMs, detail: 'TikTok looks at the post before it shows it' };
    }
  }
}

export function placeOf({ handle }: Pick<AdapterAccount, 'handle'>, id: string, kind: SentPublish['kind']) {
  return { platformPostId: id, url: `https://www.tiktok.com/@${encodeURIComponent(handle)}/${kind}/${id}` };
}
