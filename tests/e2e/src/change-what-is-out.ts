import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect } from 'vitest';
import { type Client, send } from './client.ts';

export interface PublicationOut {
  readonly id: string;
  readonly platform: string;
  readonly removal: { readonly status: string; readonly detail?: string };
  readonly edit: { readonly status: string; readonly liveContent: string | null };
}

interface PostOut {
  readonly publications: readonly PublicationOut[];
}

const ended = new Set(['edited', 'removed', 'failed', 'unconfirmed']);

async function settled(client: Client, postId: string, of: 'edit' | 'removal', output: () => string) {
  let publications: readonly PublicationOut[] = [];
  await waitFor(
    async () => {
      publications = (await client.get<PostOut>(`/posts/${postId}`)).publications;
      return publications.every((each) => each[of].status === 'none' || ended.has(each[of].status));
    },
    { timeoutMs: 90_000, intervalMs: 300, describe: () => `every ${of} has come to an end\n${output()}` },
  );
  return publications;
}

/** Where nothing else is said, a problem of the kind that says so. */
function accepted(what: string, { status, body }: Awaited<ReturnType<Client['request']>>): boolean {
  if (status === 202) return true;
  expect([what, status, body]).toMatchObject([what, 409, { code: 'not_supported_by_platform' }]);
  return false;
}

/** Edits each publication of the post; those of platforms that cannot be edited say so. @returns the platforms that can */
export async function editEverywhere(client: Client, postId: string, content: string, output: () => string) {
  const { publications } = await client.get<PostOut>(`/posts/${postId}`);
  const asked = new Set<string>();
  for (const { id, platform } of publications)
    if (accepted(`edit on ${platform}`, await client.request('PUT', `/publications/${id}/content`, { content })))
      asked.add(id);
  for (const { id, platform, edit } of await settled(client, postId, 'edit', output)) {
    const wanted = asked.has(id) ? { status: 'edited', liveContent: content } : { status: 'none', liveContent: null };
    expect({ platform, ...edit }).toMatchObject({ platform, ...wanted });
  }
  return new Set(publications.filter(({ id }) => asked.has(id)).map(({ platform }) => platform));
}

/** Takes each publication of the post off, by one address and by the other in turn. @returns the platforms that it is off */
export async function removeEach(client: Client, postId: string, output: () => string) {
  const { publications } = await client.get<PostOut>(`/posts/${postId}`);
  const asked = new Set<string>();
  for (const [index, { id, platform }] of publications.entries()) {
    const [method, name] = index % 2 === 0 ? ['POST', 'remove'] : ['DELETE', 'remote'];
    const answer = await client.request(method ?? '', `/publications/${id}/${name}`);
    if (!accepted(`removal from ${platform}`, answer)) continue;
    expect(answer.body).toMatchObject({ id, removal: { status: 'removing' } });
    asked.add(id);
  }
  const after = await settled(client, postId, 'removal', output);
  for (const { id, platform, removal } of after)
    expect({ platform, ...removal }).toMatchObject({ platform, status: asked.has(id) ? 'removed' : 'none' });
  return new Set(publications.filter(({ id }) => asked.has(id)).map(({ platform }) => platform));
}

/** @returns the platforms that the post is off; each of the others tells why it is not */
export async function removePostEverywhere(client: Client, postId: string, output: () => string) {
  const answer = await client.request('DELETE', `/posts/${postId}?from=platforms`);
  expect(answer.status).toBe(202);
  const after = await settled(client, postId, 'removal', output);
  const kept = after.filter(({ removal }) => removal.status !== 'removed');
  for (const { removal } of kept) expect(removal).toMatchObject({ status: 'failed', detail: expect.any(String) });
  return new Set(after.filter((each) => !kept.includes(each)).map(({ platform }) => platform));
}

/** What an account's followers see, by id. */
export async function textsOn(sandbox: string, platform: string, account: string): Promise<Map<string, string>> {
  const query = new URLSearchParams({ platform, account, limit: '100' }).toString();
  const { body } = await send('GET', `${sandbox}/_sandbox/posts?${query}`);
  const { items } = body as { items: { id: string; text: string }[] };
  return new Map(items.map(({ id, text }) => [id, text]));
}
