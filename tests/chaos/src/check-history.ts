import { acceptableVersions, isTimelyDelete, type Version } from './acceptable-versions.ts';
import {
  type ChaosAccount,
  type FinalPost,
  type FinalPublication,
  type History,
  type VisiblePost,
  type Operation,
  parseText,
  type StopRecord,
} from './history.ts';

export type ViolationKind =
  | 'lost'
  | 'duplicated'
  | 'phantom'
  | 'unexpected'
  | 'early'
  | 'dishonest_cancel'
  | 'crossed_tenants'
  | 'not_stopped'
  | 'stuck';

export interface Violation {
  readonly kind: ViolationKind;
  readonly token: string | null;
  readonly accountId: string | null;
  readonly detail: string;
}

/** Clocks of one machine, read by several processes. */
const earlyToleranceMs = 2;

/** Judges what clients were told, what the platforms accepted and what the product says at the end against each other. */
export function checkHistory(history: History): Violation[] {
  const stories = readStories(history);
  return [
    ...[...stories.values()].flatMap((story) => [
      ...checkCreation(story),
      ...story.accounts.flatMap((account) => checkAccount(story, account, history.stops)),
    ]),
    ...checkVisible(history, stories),
    ...checkWalls(history, stories),
  ];
}

/** Everything known of one post. */
interface Story {
  readonly token: string;
  readonly create: Operation;
  readonly operations: readonly Operation[];
  readonly versions: readonly Version[];
  readonly accounts: readonly ChaosAccount[];
  readonly posts: readonly FinalPost[];
  readonly lines: readonly VisiblePost[];
}

function readStories(history: History): Map<string, Story> {
  const byToken = Map.groupBy(history.operations, ({ token }) => token);
  const lines = Map.groupBy(history.visible, ({ text }) => parseText(text)?.token ?? '');
  const posts = Map.groupBy(history.posts, ({ content }) => parseText(content)?.token ?? '');
  const accounts = new Map(history.accounts.map((account) => [account.accountId, account]));
  const stories = new Map<string, Story>();
  for (const [token, operations] of byToken) {
    const create = operations.find(({ kind }) => kind === 'create');
    if (create === undefined) continue;
    stories.set(token, {
      token,
      create,
      operations,
      versions: acceptableVersions(operations),
      accounts: (create.accountIds ?? []).flatMap((id) => accounts.get(id) ?? []),
      posts: (posts.get(token) ?? []).filter(({ organizationId }) => organizationId === create.organizationId),
      lines: lines.get(token) ?? [],
    });
  }
  return stories;
}

function checkCreation(story: Story): Violation[] {
  const { create, posts, token } = story;
  if (posts.length > 1) return [violation('duplicated', token, null, `one creation made ${posts.length} posts`)];
  if (posts.length === 1 || create.result !== 'ok' || has(story, 'delete')) return [];
  return [violation('lost', token, null, 'the API acknowledged the post and no longer has it')];
}

function checkAccount(story: Story, account: ChaosAccount, stops: readonly StopRecord[]): Violation[] {
  const { token } = story;
  const { accountId } = account;
  const say = (kind: ViolationKind, detail: string) => violation(kind, token, accountId, detail);
  const lines = linesOf(story, account);
  const found: Violation[] = [];
  if (lines.length > 1)
    found.push(say('duplicated', `visible ${lines.length} times: ${lines.map(({ id }) => id).join(', ')}`));
  for (const line of lines)
    found.push(...checkLine(story, accountId, line), ...checkStops(story, account, line, stops));
  const wasCanceled = story.operations.some(
    ({ canceledAccountIds }) => canceledAccountIds?.includes(accountId) === true,
  );
  if (wasCanceled && lines.length > 0)
    found.push(say('dishonest_cancel', 'a cancel was acknowledged and the post is visible'));
  if (isTimelyDelete(story.operations) && lines.length > 0) {
    found.push(say('dishonest_cancel', 'it was deleted before its time and is visible'));
  }
  const [post] = story.posts;
  const publication = post?.publications.find((each) => each.accountId === accountId);
  if (post !== undefined && publication === undefined)
    found.push(say('lost', 'the post has no publication for the account'));
  if (publication !== undefined) found.push(...checkEnd(story, account, publication, lines));
  return found;
}

function checkEnd(
  story: Story,
  { accountId }: ChaosAccount,
  publication: FinalPublication,
  lines: readonly VisiblePost[],
): Violation[] {
  const say = (kind: ViolationKind, detail: string) => [violation(kind, story.token, accountId, detail)];
  const [line] = lines;
  switch (publication.status) {
    case 'published':
      if (line === undefined) return say('phantom', 'published, it says, and it is not visible');
      if (lines.some(({ id }) => id === publication.platformPostId)) return [];
      return say(
        'phantom',
        `published as ${publication.platformPostId ?? 'nothing'}, it says, and ${line.id} is what is visible`,
      );
    case 'failed':
      if (line !== undefined) return say('unexpected', 'failed, it says, and it is visible');
      return publication.errorCode === null ? say('lost', 'failed without a reason') : [];
    case 'canceled':
      if (line !== undefined) return say('dishonest_cancel', 'canceled, it says, and it is visible');
      return has(story, 'cancel') || has(story, 'delete') ? [] : say('lost', 'canceled, and nobody asked for it');
    case 'skipped':
      return say('lost', 'skipped, and nobody asked for it');
    case 'unconfirmed':
      return [];
    default:
      return say('stuck', stuckDetail(publication));
  }
}

function stuckDetail({ status, waitingFor }: FinalPublication): string {
  if (waitingFor === null) return `still ${status}`;
  return `still ${status} for ${waitingFor.reason} until ${waitingFor.until ?? 'somebody acts'}: ${waitingFor.detail}`;
}

function checkLine({ token, versions }: Story, accountId: string, line: VisiblePost): Violation[] {
  const revision = parseText(line.text)?.revision;
  const fitting = versions.filter((version) => version.revision === revision);
  if (fitting.length === 0) {
    return [
      violation('unexpected', token, accountId, `revision ${revision} is visible, which no client wants any more`),
    ];
  }
  const dueAtMs = Math.min(...fitting.map((version) => version.dueAtMs));
  if (line.receivedAtMs >= dueAtMs - earlyToleranceMs) return [];
  return [violation('early', token, accountId, `visible ${dueAtMs - line.receivedAtMs} ms before its time`)];
}

/** What was under way when the stop came may still appear; what was not even due then may not, as long as it holds. */
function checkStops(
  { token, versions }: Story,
  account: ChaosAccount,
  line: VisiblePost,
  stops: readonly StopRecord[],
): Violation[] {
  return stops.flatMap(({ organizationId, accountId, heldFromMs, heldUntilMs, underWayMsMax = Infinity }) => {
    const concerns =
      organizationId === account.organizationId && (accountId === null || accountId === account.accountId);
    const holds = line.receivedAtMs > heldFromMs && line.receivedAtMs < heldUntilMs;
    const wasDue = versions.some(({ dueAtMs }) => dueAtMs <= heldFromMs);
    if (!concerns || !holds || (wasDue && line.receivedAtMs <= heldFromMs + underWayMsMax)) return [];
    return [
      violation(
        'not_stopped',
        token,
        account.accountId,
        `${line.id} appeared ${line.receivedAtMs - heldFromMs} ms after a stop was acknowledged`,
      ),
    ];
  });
}

/** Whatever is visible must be somebody's wish, and nothing accepted may have gone missing again. */
function checkVisible({ visible, commits, accounts }: History, stories: ReadonlyMap<string, Story>): Violation[] {
  const found: Violation[] = [];
  const owners = new Map(accounts.map((account) => [placeOf(account), account]));
  for (const line of visible) {
    const token = parseText(line.text)?.token ?? null;
    const story = token === null ? undefined : stories.get(token);
    const owner = owners.get(placeOf(line));
    if (story === undefined)
      found.push(violation('unexpected', token, owner?.accountId ?? null, `nobody asked for ${line.id}`));
    else if (owner !== undefined && owner.organizationId !== story.create.organizationId) {
      found.push(violation('crossed_tenants', token, owner.accountId, `${line.id} is another organization's post`));
    } else if (!story.accounts.some((account) => placeOf(account) === placeOf(line))) {
      found.push(violation('unexpected', token, owner?.accountId ?? null, `${line.id} was not meant for this account`));
    }
  }
  if (commits !== visible.length) {
    found.push(
      violation('duplicated', null, null, `the platforms accepted ${commits} posts and show ${visible.length}`),
    );
  }
  return found;
}

function checkWalls({ posts }: History, stories: ReadonlyMap<string, Story>): Violation[] {
  return posts.flatMap(({ organizationId, content, postId }) => {
    const token = parseText(content)?.token ?? null;
    const owner = token === null ? undefined : stories.get(token)?.create.organizationId;
    if (owner === undefined)
      return [violation('unexpected', token, null, `the API has post ${postId}, which nobody made`)];
    if (owner === organizationId) return [];
    return [violation('crossed_tenants', token, null, `another organization reads post ${postId}`)];
  });
}

function linesOf({ lines }: Story, account: ChaosAccount): VisiblePost[] {
  return lines.filter((line) => placeOf(line) === placeOf(account));
}

function placeOf({ platform, externalId }: { platform: string; externalId: string }): string {
  return `${platform} ${externalId}`;
}

function has({ operations }: Story, kind: Operation['kind']): boolean {
  return operations.some((operation) => operation.kind === kind);
}

function violation(kind: ViolationKind, token: string | null, accountId: string | null, detail: string): Violation {
  return { kind, token, accountId, detail };
}
