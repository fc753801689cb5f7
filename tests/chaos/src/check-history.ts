import { acceptableVersions, isTimelyDelete, type Version } from './acceptable-versions.ts';
import { checkTwins } from './check-twins.ts';
import { checkVisible, checkWalls } from './check-visible.ts';
import { databaseAheadMs } from './database-clock.ts';
import {
  type ChaosAccount,
  type FinalPost,
  type FinalPublication,
  type History,
  type VisiblePost,
  type Operation,
  neverMs,
  parseText,
  textOf,
} from './history.ts';
import { isAround, isCalledOff, wasForgotten, withRewinds } from './rewinds.ts';
import { requestKey } from './stand-in/site-memory.ts';
import { unconfirmedReasonOf } from './unconfirmed-reasons.ts';
import { checkFailure, isOurs, placeOf, type Violation, violation, type ViolationKind } from './violation.ts';

/** Clocks of one machine, read by several processes. */
const earlyToleranceMs = 2;

/** Judges what clients were told, what the platforms accepted and what the product says at the end against each other. */
export function checkHistory(told: History): Violation[] {
  const history = withRewinds(told);
  const stories = readStories(history);
  return [
    ...[...stories.values()].flatMap((story) => [
      ...checkCreation(story),
      ...story.accounts.flatMap((account) => checkAccount(story, account, history)),
    ]),
    ...checkTwins(history),
    ...checkVisible(history),
    ...checkWalls(history),
    ...history.foreignStops.map((reason) => violation('stuck', null, null, `stopped by itself: ${reason}`)),
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
  const twins = new Set(history.operations.flatMap(({ token, isTwin }) => (isTwin === true ? [token] : [])));
  const single = history.operations.filter(({ token }) => !twins.has(token));
  const byToken = Map.groupBy(single, ({ token }) => token);
  const lines = Map.groupBy(history.visible.filter(isOurs), ({ text }) => parseText(text)?.token ?? '');
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

function checkAccount(story: Story, account: ChaosAccount, history: History): Violation[] {
  const { token } = story;
  const { accountId } = account;
  const say = (kind: ViolationKind, detail: string) => violation(kind, token, accountId, detail);
  const lines = linesOf(story, account);
  const found = [...checkParts(story, accountId, lines)];
  for (const line of lines)
    found.push(...checkLine(story, accountId, line, history), ...checkStops(story, account, line, history));
  const wasCanceled = story.operations.some(
    ({ canceledAccountIds }) => canceledAccountIds?.includes(accountId) === true,
  );
  const isKnown = lines.some((line) => !wasForgotten(history, line, story.operations.filter(isCancel)));
  if (wasCanceled && isKnown) found.push(say('dishonest_cancel', 'a cancel was acknowledged and the post is visible'));
  if (isTimelyDelete(story.operations, databaseAheadMs(history)) && isKnown) {
    found.push(say('dishonest_cancel', 'it was deleted before its time and is visible'));
  }
  const [post] = story.posts;
  const publication = post?.publications.find((each) => each.accountId === accountId);
  if (post !== undefined && publication === undefined)
    found.push(say('lost', 'the post has no publication for the account'));
  if (publication !== undefined)
    found.push(
      ...checkEnd(story, account, publication, { lines, history }),
      ...checkCount(story, account, publication, { lines, history }),
    );
  return found;
}

/** Each part is out at most once, of one version, after the one before it and as an answer to it. */
function checkParts({ token }: Story, accountId: string, lines: readonly VisiblePost[]): Violation[] {
  const say = (kind: ViolationKind, detail: string) => violation(kind, token, accountId, detail);
  const byPart = Map.groupBy(lines, partOf);
  const found = [...byPart.values()].flatMap((same) =>
    same.length === 1
      ? []
      : [say('duplicated', `visible ${same.length} times: ${same.map(({ id }) => id).join(', ')}`)],
  );
  for (const line of lines) {
    const part = partOf(line);
    if (part === 0) continue;
    const before = byPart.get(part - 1)?.[0];
    if (before === undefined) found.push(say('unexpected', `part ${part} is visible, and what it answers is not`));
    else if (before.receivedAtMs > line.receivedAtMs) found.push(say('unexpected', `part ${part} came too early`));
    else if (line.replyTo !== undefined && line.replyTo !== before.id)
      found.push(say('unexpected', `part ${part} answers ${line.replyTo ?? 'nothing'} and not ${before.id}`));
  }
  const revisions = new Set(lines.map(({ text }) => parseText(text)?.revision));
  if (lines.length > 1 && revisions.size > 1) found.push(say('unexpected', 'its parts are of several versions'));
  return found;
}

function partOf({ text }: VisiblePost): number {
  return parseText(text)?.part ?? 0;
}

function checkEnd(
  story: Story,
  { accountId }: ChaosAccount,
  publication: FinalPublication,
  { lines, history }: { readonly lines: readonly VisiblePost[]; readonly history: History },
): Violation[] {
  const disconnects = history.disconnects.filter((each) => each.accountId === accountId);
  const wasDisconnected = disconnects.length > 0;
  const wasCalledOff = isCalledOff(history, story.token, { accountId });
  const { misfire } = story.create;
  const say = (kind: ViolationKind, detail: string) => [violation(kind, story.token, accountId, detail)];
  const [line] = lines;
  switch (publication.status) {
    case 'published':
      if (line === undefined) return say('phantom', 'published, it says, and it is not visible');
      return checkNamed(publication, lines, story.create.parts ?? 1).flatMap((detail) => say('phantom', detail));
    case 'failed':
      if (lines.length > outOf(publication)) return say('unexpected', 'failed, it says, and it is visible');
      if (outOf(publication) > 0)
        return checkNamed(publication, lines, outOf(publication)).flatMap((detail) => say('phantom', detail));
      return checkFailure(publication).flatMap((detail) => say('unexplained', detail));
    case 'canceled':
      if (wasCalledOff) return [];
      if (line !== undefined)
        return wasForgotten(history, line, [
          ...story.operations.filter(isCancel),
          ...disconnects.map(({ untilMs }) => ({ endedAtMs: untilMs })),
        ])
          ? []
          : say('dishonest_cancel', 'canceled, it says, and it is visible');
      return has(story, 'cancel') || has(story, 'delete') || wasDisconnected
        ? []
        : say('lost', 'canceled, and nobody asked for it');
    case 'skipped':
      if (line !== undefined) return say('unexpected', 'skipped, it says, and it is visible');
      return misfire !== undefined || wasDisconnected ? [] : say('lost', 'skipped, and nobody asked for it');
    case 'unconfirmed':
      return unconfirmedReasonOf(publication.error?.message ?? '') === null
        ? say('unexplained', `unconfirmed: ${publication.error?.message ?? 'it says nothing'}`)
        : [];
    case 'draft':
      return story.versions.some(({ dueAtMs }) => dueAtMs === neverMs)
        ? []
        : say('lost', 'a draft, and nobody asked for it');
    default:
      return say('stuck', stuckDetail(publication));
  }
}

/** How many parts of several it says are out. */
function outOf({ parts }: FinalPublication): number {
  return parts.length === 1 ? 0 : parts.filter((id) => id !== null).length;
}

/** Each of the parts that are said to be out is visible under the name that is said. */
function checkNamed(
  { platformPostId, parts }: FinalPublication,
  lines: readonly VisiblePost[],
  count: number,
): string[] {
  return Array.from({ length: count }, (_, part) => {
    const named = part === 0 ? platformPostId : (parts[part] ?? null);
    const there = lines.filter((line) => partOf(line) === part);
    if (there.some(({ id }) => id === named)) return [];
    const what = there.map(({ id }) => id).join(', ') || 'nothing';
    return [`part ${part} is published as ${named ?? 'nothing'}, it says, and ${what} is what is visible`];
  }).flat();
}

/** What is out was sent, and no send is missing in the count. */
function checkCount(
  { token, operations, create }: Story,
  { accountId, externalId }: ChaosAccount,
  { status, attempts }: FinalPublication,
  { lines, history }: { readonly lines: readonly VisiblePost[]; readonly history: History },
): Violation[] {
  if (isAround(history, operations, lines)) return [];
  const revisions = operations.flatMap(({ revision }) => revision ?? []);
  const texts = revisions.flatMap((revision) =>
    Array.from({ length: create.parts ?? 1 }, (_, part) => textOf(token, revision, part)),
  );
  const seen = texts.reduce((sum, text) => sum + (history.requests?.get(requestKey(externalId, text)) ?? 0), 0);
  if (status === 'published' && attempts === 0)
    return [violation('miscounted', token, accountId, 'published, and no attempt is counted')];
  if (seen <= attempts) return [];
  return [violation('miscounted', token, accountId, `${attempts} attempts are counted, and ${seen} requests came`)];
}

function stuckDetail({ status, waitingFor }: FinalPublication): string {
  if (waitingFor === null) return `still ${status}`;
  return `still ${status} for ${waitingFor.reason} until ${waitingFor.until ?? 'somebody acts'}: ${waitingFor.detail}`;
}

function checkLine(
  { token, versions, operations }: Story,
  accountId: string,
  line: VisiblePost,
  history: History,
): Violation[] {
  const revision = parseText(line.text)?.revision;
  const fitting = versions.filter((version) => version.revision === revision);
  if (fitting.length === 0) {
    if (
      wasForgotten(
        history,
        line,
        operations.filter(({ kind }) => kind === 'edit'),
      )
    )
      return [];
    return [
      violation('unexpected', token, accountId, `revision ${revision} is visible, which no client wants any more`),
    ];
  }
  const dueAtMs = Math.min(...fitting.map((version) => version.dueAtMs));
  if (line.receivedAtMs >= dueAtMs - earlyToleranceMs - databaseAheadMs(history, line.receivedAtMs)) return [];
  return [violation('early', token, accountId, `visible ${dueAtMs - line.receivedAtMs} ms before its time`)];
}

/** What was under way when the stop came may still appear; what was not even due then may not, as long as it holds. */
function checkStops(
  { token, versions }: Story,
  account: ChaosAccount,
  line: VisiblePost,
  history: History,
): Violation[] {
  const aheadMs = databaseAheadMs(history);
  return history.stops.flatMap(({ organizationId, accountId, heldFromMs, heldUntilMs, underWayMsMax = Infinity }) => {
    const concerns =
      organizationId === account.organizationId && (accountId === null || accountId === account.accountId);
    const holds = line.receivedAtMs > heldFromMs && line.receivedAtMs < heldUntilMs;
    const wasDue = versions.some(({ dueAtMs }) => dueAtMs <= heldFromMs + aheadMs);
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

function linesOf({ lines }: Story, account: ChaosAccount): VisiblePost[] {
  return lines.filter((line) => placeOf(line) === placeOf(account));
}

function isCancel({ kind }: Operation): boolean {
  return kind === 'cancel' || kind === 'delete';
}

function has({ operations }: Story, kind: Operation['kind']): boolean {
  return operations.some((operation) => operation.kind === kind);
}
