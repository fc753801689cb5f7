import * as account from '@vibetribe/contracts/account';
import * as analytics from '@vibetribe/contracts/analytics';
import * as audit from '@vibetribe/contracts/audit';
import * as auth from '@vibetribe/contracts/auth';
import * as errorCode from '@vibetribe/contracts/error-code';
import * as eventType from '@vibetribe/contracts/event-type';
import * as health from '@vibetribe/contracts/health';
import * as jsonValue from '@vibetribe/contracts/json-value';
import * as liveMessage from '@vibetribe/contracts/live-message';
import * as media from '@vibetribe/contracts/media';
import * as member from '@vibetribe/contracts/member';
import * as metric from '@vibetribe/contracts/metric';
import * as notification from '@vibetribe/contracts/notification';
import * as pause from '@vibetribe/contracts/pause';
import * as platform from '@vibetribe/contracts/platform';
import * as platformId from '@vibetribe/contracts/platform-id';
import * as post from '@vibetribe/contracts/post';
import * as postStatus from '@vibetribe/contracts/post-status';
import * as publicationStatus from '@vibetribe/contracts/publication-status';
import * as queue from '@vibetribe/contracts/queue';
import * as role from '@vibetribe/contracts/role';
import * as task from '@vibetribe/contracts/task';
import * as timeline from '@vibetribe/contracts/timeline';
import * as webhook from '@vibetribe/contracts/webhook';
import * as mediaFacts from '@vibetribe/media-rules/media-facts';
import * as mediaRules from '@vibetribe/media-rules/media-rules';
import { z } from 'zod';
import { examples } from './examples.ts';

const modules = [
  account,
  analytics,
  audit,
  auth,
  errorCode,
  eventType,
  health,
  jsonValue,
  liveMessage,
  media,
  mediaFacts,
  mediaRules,
  member,
  metric,
  notification,
  pause,
  platform,
  platformId,
  post,
  postStatus,
  publicationStatus,
  queue,
  role,
  task,
  timeline,
  webhook,
];

/** Gives each exported wire type its own name in the OpenAPI document, so that clients are made with it. Repeatable. */
export function nameSchemas(): void {
  for (const [name, value] of modules.flatMap((module) => Object.entries<unknown>(module))) {
    if (!(value instanceof z.ZodType)) continue;
    const meta = z.globalRegistry.get(value);
    const shown = name in examples ? { examples: [examples[name]] } : {};
    if (meta?.id === undefined) z.globalRegistry.add(value, { ...meta, ...shown, id: name });
  }
}
