import { checkHistory } from './check-history.ts';
import {
  type FinalPublication,
  type History,
  type VisiblePost,
  type Operation,
  type StopRecord,
  textOf,
} from './history.ts';

export const ada = {
  accountId: 'a1',
  organizationId: 'ada',
  platform: 'x',
  hostName: 'x',
  handle: 'ada',
  externalId: '1',
};
const adaToo = {
  accountId: 'a2',
  organizationId: 'ada',
  platform: 'mastodon',
  hostName: 'mastodon',
  handle: 'ada',
  externalId: '1',
};
export const bob = {
  accountId: 'b1',
  organizationId: 'bob',
  platform: 'x',
  hostName: 'x',
  handle: 'bob',
  externalId: '2',
};

export const created: Operation = {
  kind: 'create',
  organizationId: 'ada',
  token: 't-1',
  postId: 'p1',
  startedAtMs: 1_000,
  endedAtMs: 1_100,
  result: 'ok',
  accountIds: ['a1'],
  revision: 1,
  dueAtMs: 5_000,
};
export const line: VisiblePost = {
  platform: 'x',
  externalId: '1',
  id: '77',
  text: textOf('t-1', 1),
  receivedAtMs: 5_100,
};
export const published: FinalPublication = {
  accountId: 'a1',
  status: 'published',
  platformPostId: '77',
  parts: ['77'],
  attempts: 1,
  waitingFor: null,
  error: null,
};

/** One post that went out as it should, and what the test changes about it. */
export function historyWith(change: {
  operations?: readonly Operation[];
  visible?: readonly VisiblePost[];
  publication?: Partial<FinalPublication>;
  posts?: History['posts'];
  commits?: number;
  stops?: readonly StopRecord[];
  disconnects?: History['disconnects'];
  clockPeriods?: History['clockPeriods'];
  requests?: History['requests'];
  foreignStops?: readonly string[];
}): History {
  const visible = change.visible ?? [line];
  return {
    accounts: [ada, adaToo, bob],
    operations: change.operations ?? [created],
    stops: change.stops ?? [],
    faults: [],
    visible,
    commits: change.commits ?? visible.length,
    disconnects: change.disconnects ?? [],
    clockPeriods: change.clockPeriods ?? [],
    requests: change.requests ?? null,
    foreignStops: change.foreignStops ?? [],
    posts: change.posts ?? [finalPost({ ...published, ...change.publication })],
  };
}

export function finalPost(publication: FinalPublication, organizationId = 'ada'): History['posts'][number] {
  return { organizationId, postId: 'p1', content: textOf('t-1', 1), publications: [publication] };
}

export function refusedFor(category: string, message = 'Refused.'): FinalPublication['error'] {
  return { category, code: 'test', message };
}

export function kindsOf(history: History): string[] {
  return checkHistory(history).map(({ kind }) => kind);
}
export const answer: VisiblePost = { ...line, id: '78', text: textOf('t-1', 1, 1), receivedAtMs: 5_200, replyTo: '77' };
