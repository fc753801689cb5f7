import { type History, parseText } from './history.ts';
import { isOurs, placeOf, type Violation, violation } from './violation.ts';

/** Whatever is visible must be somebody's wish, and nothing accepted may have gone missing again. */
export function checkVisible({ visible, commits, accounts, operations }: History): Violation[] {
  const found: Violation[] = [];
  const owners = Map.groupBy(accounts, placeOf);
  const creations = Map.groupBy(
    operations.filter(({ kind }) => kind === 'create'),
    ({ token }) => token,
  );
  for (const line of visible.filter(isOurs)) {
    const token = parseText(line.text)?.token ?? null;
    const wishes = token === null ? [] : (creations.get(token) ?? []);
    const here = owners.get(placeOf(line)) ?? [];
    const accountId = here[0]?.accountId ?? null;
    if (wishes.length === 0) found.push(violation('unexpected', token, accountId, `nobody asked for ${line.id}`));
    else if (
      here.length > 0 &&
      !here.some(({ organizationId }) => wishes.some((wish) => wish.organizationId === organizationId))
    )
      found.push(violation('crossed_tenants', token, accountId, `${line.id} is another organization's post`));
    else if (!here.some((account) => wishes.some(({ accountIds }) => accountIds?.includes(account.accountId))))
      found.push(violation('unexpected', token, accountId, `${line.id} was not meant for this account`));
  }
  if (commits !== visible.length) {
    found.push(
      violation('duplicated', null, null, `the platforms accepted ${commits} posts and show ${visible.length}`),
    );
  }
  return found;
}

/** No organization reads another's post. */
export function checkWalls({ posts, operations }: History): Violation[] {
  const creators = Map.groupBy(operations, ({ token }) => token);
  return posts.flatMap(({ organizationId, content, postId }) => {
    const token = parseText(content)?.token ?? null;
    const owners = token === null ? undefined : creators.get(token);
    if (owners === undefined)
      return [violation('unexpected', token, null, `the API has post ${postId}, which nobody made`)];
    if (owners.some((owner) => owner.organizationId === organizationId)) return [];
    return [violation('crossed_tenants', token, null, `another organization reads post ${postId}`)];
  });
}
