import { type ChaosAccount, type FinalPublication, type History, parseText, textOf } from './history.ts';
import { isAround } from './rewinds.ts';
import { requestKey } from './stand-in/site-memory.ts';
import { unconfirmedReasonOf } from './unconfirmed-reasons.ts';
import { checkFailure, isOurs, placeOf, type Violation, violation } from './violation.ts';

/**
 * Two posts of the same text on the same account: which of the visible ones is whose cannot be told, so they are judged together. No more
 * may be visible than were asked for, each that says it is published has one of its own, and none that is out is called failed.
 */
export function checkTwins(history: History): Violation[] {
  const accounts = new Map(history.accounts.map((account) => [account.accountId, account]));
  const creations = history.operations.filter(({ isTwin }) => isTwin === true);
  const posts = Map.groupBy(history.posts, ({ content }) => parseText(content)?.token ?? '');
  const lines = Map.groupBy(history.visible.filter(isOurs), ({ text }) => parseText(text)?.token ?? '');
  return [...Map.groupBy(creations, ({ token }) => token)].flatMap(([token, wishes]) => {
    const account = wishes.flatMap(({ accountIds }) => accountIds ?? []).map((id) => accounts.get(id))[0];
    // Which of the two a rewind has forgotten cannot be told.
    if (account === undefined || isAround(history, wishes, lines.get(token) ?? [])) return [];
    const own = (posts.get(token) ?? []).flatMap((post) => post.publications);
    const acknowledged = wishes.filter(({ result }) => result === 'ok').length;
    const found = checkPair(token, account, own, { lines: lines.get(token) ?? [], history });
    if (own.length > wishes.length)
      found.push(
        violation('duplicated', token, account.accountId, `${own.length} posts were made of ${wishes.length}`),
      );
    if (own.length < acknowledged)
      found.push(violation('lost', token, account.accountId, 'the API acknowledged a twin and no longer has it'));
    return found;
  });
}

function checkPair(
  token: string,
  account: ChaosAccount,
  publications: readonly FinalPublication[],
  { lines, history }: { readonly lines: History['visible']; readonly history: History },
): Violation[] {
  const say = (kind: Violation['kind'], detail: string) => violation(kind, token, account.accountId, detail);
  const found: Violation[] = [];
  const here = lines.filter((line) => placeOf(line) === placeOf(account));
  const claimed = publications.flatMap(({ status, platformPostId }) =>
    status === 'published' ? [platformPostId] : [],
  );
  const inDoubt = publications.filter(({ status }) => status === 'unconfirmed').length;
  if (here.length > publications.length)
    found.push(
      say('duplicated', `${here.length} are visible of ${publications.length}: ${here.map(({ id }) => id).join(', ')}`),
    );
  else if (here.length > claimed.length + inDoubt)
    found.push(say('unexpected', `${here.length} are visible, and ${claimed.length} say so`));
  if (new Set(claimed).size < claimed.length) found.push(say('lost', `two say that they are ${claimed.join(', ')}`));
  for (const id of claimed.filter((wanted) => !here.some((line) => line.id === wanted)))
    found.push(say('phantom', `published as ${id}, it says, and it is not visible`));
  for (const { status, error } of publications) {
    if (status === 'failed') found.push(...checkFailure({ error }).map((detail) => say('unexplained', detail)));
    if (status === 'unconfirmed' && unconfirmedReasonOf(error?.message ?? '') === null)
      found.push(say('unexplained', `unconfirmed: ${error?.message ?? 'it says nothing'}`));
    if (['scheduled', 'publishing', 'waiting', 'retrying'].includes(status))
      found.push(say('stuck', `still ${status}`));
  }
  const requests = history.requests?.get(requestKey(account.externalId, textOf(token, 1))) ?? 0;
  const attempts = publications.reduce((sum, each) => sum + each.attempts, 0);
  if (requests > attempts)
    found.push(say('miscounted', `${attempts} attempts are counted, and ${requests} requests came`));
  return found;
}
