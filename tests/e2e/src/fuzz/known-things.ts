/** Ids of one organization by the segment of a path that they follow; `any` has them all. */
export interface KnownThings {
  /** Takes what an answer shows. */
  learn(text: string): void;
  /** Takes the names of what a list shows: queues, tasks and platforms have no other ids. */
  learnNames(resource: string, items: readonly { readonly name?: unknown; readonly id?: unknown }[]): void;
  pick(resource: string, index: number): string | null;
  /** Every id, to look for in others' answers. */
  ids(): string[];
  cursor(index: number): string | null;
}

const idPattern = /\b([a-z]{3})_[0-9a-z]{26}\b/g;
const resourceOf: Readonly<Record<string, readonly string[]>> = {
  org: ['organizations'],
  usr: ['users', 'members'],
  inv: ['invitations'],
  fam: ['sessions'],
  key: ['api-keys'],
  acc: ['accounts'],
  med: ['media', 'medias'],
  pst: ['posts'],
  pub: ['publications', 'processed'],
  ntf: ['notifications'],
  pau: ['pauses'],
  whk: ['webhooks'],
  msg: ['deliverys', 'deliveries'],
};
const cursorPattern = /"nextCursor":"([^"]+)"/g;
const publicIdPattern = /"publicId":"([^"]+)"/g;

export function createKnownThings(): KnownThings {
  const byResource = new Map<string, string[]>();
  const cursors: string[] = [];
  const add = (resource: string, id: string) => {
    const known = byResource.get(resource) ?? [];
    if (!known.includes(id)) byResource.set(resource, [...known, id]);
  };
  return {
    learn(text) {
      for (const [id, prefix = ''] of text.matchAll(idPattern)) {
        for (const resource of resourceOf[prefix] ?? [prefix]) add(resource, id);
        add('any', id);
      }
      for (const [, publicId = ''] of text.matchAll(publicIdPattern)) add('publics', publicId);
      for (const [, cursor = ''] of text.matchAll(cursorPattern)) cursors.push(cursor);
    },
    learnNames(resource, items) {
      for (const { name, id } of items) {
        const shown = name ?? id;
        if (typeof shown === 'string') add(resource, shown);
      }
    },
    pick(resource, index) {
      const known = byResource.get(resource === 'callback' ? 'platforms' : resource) ?? byResource.get('any') ?? [];
      return known[index % Math.max(known.length, 1)] ?? null;
    },
    ids: () => byResource.get('any') ?? [],
    cursor: (index) => cursors[index % Math.max(cursors.length, 1)] ?? null,
  };
}
