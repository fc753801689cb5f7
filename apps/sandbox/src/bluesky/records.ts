import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Post } from '../state/posts.ts';
import type { Blobs } from './blobs.ts';
import { cidOf } from './cid.ts';
import { postCollection } from './post-record.ts';
import { createTids } from './tid.ts';

/** A record of a repository. `rev` is the revision of the repository that wrote it. */
export type StoredRecord = z.infer<typeof StoredRecord>;

/** The head of a repository. */
export type Commit = { cid: string; rev: string };

export type RecordKey = { did: string; collection: string; rkey: string };

export type Records = {
  get(key: RecordKey): StoredRecord | undefined;
  head(did: string): Commit | undefined;
  /** Creates or replaces; a record of the post collection becomes visible or is amended. */
  write(key: RecordKey, value: Readonly<Record<string, unknown>>, cid: string): Commit;
  remove(record: StoredRecord): Commit;
  /** In the order of their keys, ascending. */
  keysOf(did: string, collection: string): readonly string[];
  newKey(): string;
  clearPosts(): Change[];
};

export function createRecords({ site, platform, sandbox }: SiteContext, blobs: Pick<Blobs, 'mediaOf'>): Records {
  const { store, posts, clock } = sandbox;
  const table = store.table(`${site}.records`, StoredRecord);
  const heads = store.table(`${site}.heads`, z.object({ did: z.string(), cid: z.string(), rev: z.string() }));
  const keys = new Map<string, string[]>();
  const nextTid = createTids(clock.wallMs);

  table.onChange((before, after) => {
    if (before !== undefined && after === undefined) takeOut(keys.get(listKey(before)) ?? [], before.rkey);
    if (before === undefined && after !== undefined) {
      const list = keys.get(listKey(after)) ?? [];
      keys.set(listKey(after), list);
      putIn(list, after.rkey);
    }
  });

  function newCommit(did: string, data: string): { commit: Commit; change: Change } {
    const rev = nextTid();
    const commit = { cid: cidOf({ did, version: 3, rev, data, prev: heads.get(did)?.cid ?? null }), rev };
    return { commit, change: heads.put(did, { did, ...commit }) };
  }

  return {
    get: (key) => table.get(atUri(key)),
    head: (did) => heads.get(did),
    write(key, value, cid) {
      const uri = atUri(key);
      const { commit, change } = newCommit(key.did, cid);
      const indexedAt = new Date(clock.wallMs()).toISOString();
      const changes = [change, table.put(uri, { ...key, uri, cid, value: { ...value }, rev: commit.rev, indexedAt })];
      if (key.collection !== postCollection) {
        store.commit(changes);
        return commit;
      }
      const text = textOf(value['text']) ?? '';
      const media = blobs.mediaOf(key.did, value);
      const details = detailsOf(value);
      const createdAt = textOf(value['createdAt']) ?? indexedAt;
      const known = posts.get(site, uri);
      const replyTo = parentOf(value);
      if (known === undefined)
        posts.accept({ platform, site, account: key.did, id: uri, text, createdAt, media, replyTo, details }, changes);
      else posts.amend({ ...known, text, media, createdAt, details }, changes);
      return commit;
    },
    remove(record) {
      const { commit, change } = newCommit(record.did, record.cid);
      const changes = [change, table.drop(record.uri)];
      const post = posts.get(site, record.uri);
      if (post === undefined) store.commit(changes);
      else posts.remove(post, changes);
      return commit;
    },
    keysOf: (did, collection) => keys.get(listKey({ did, collection })) ?? [],
    newKey: nextTid,
    clearPosts: () =>
      Array.from(table.rows())
        .filter((record) => record.collection === postCollection)
        .reverse()
        .map((record) => table.drop(record.uri)),
  };
}

/** What followers see of a record beside its text and media. */
function detailsOf({ langs, tags, labels, embed }: Readonly<Record<string, unknown>>): Post['details'] {
  const given = { langs, tags, labels, embed };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The post that a record answers. */
function parentOf(value: unknown): string | null {
  return Parent.safeParse(value).data?.reply.parent.uri ?? null;
}

const Parent = z.object({ reply: z.object({ parent: z.object({ uri: z.string() }) }) });

export function atUri({ did, collection, rkey }: RecordKey): string {
  return `at://${did}/${collection}/${rkey}`;
}

const StoredRecord = z.object({
  did: z.string(),
  collection: z.string(),
  rkey: z.string(),
  uri: z.string(),
  cid: z.string(),
  value: z.record(z.string(), z.unknown()),
  rev: z.string(),
  indexedAt: z.string(),
});

/** A record that asked not to be validated may hold anything. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function listKey({ did, collection }: Pick<StoredRecord, 'did' | 'collection'>): string {
  return `${did}/${collection}`;
}

function putIn(list: string[], rkey: string): void {
  list.splice(lowerBound(list, rkey), 0, rkey);
}

function takeOut(list: string[], rkey: string): void {
  const index = lowerBound(list, rkey);
  if (list[index] === rkey) list.splice(index, 1);
}

/** The first index whose key is not below the given one. */
export function lowerBound(list: readonly string[], rkey: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? '') < rkey) low = middle + 1;
    else high = middle;
  }
  return low;
}
