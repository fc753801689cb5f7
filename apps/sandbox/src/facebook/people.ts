import { z } from 'zod';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';

/** Who consents. A person runs pages; the accounts of this platform are the pages. */
export type Person = z.infer<typeof Person>;

export type People = {
  get(id: string): Person | undefined;
  /** Whoever runs the first of these pages, made if nobody does; they run the others too from now on. */
  runningAll(pages: readonly Account[]): Person;
  pagesOf(person: Person): Account[];
  isTaken(id: string): boolean;
};

export function createPeople({ site, sandbox }: SiteContext): People {
  const { store, accounts } = sandbox;
  const table = store.table('facebook.people', Person);
  const byPage = new Map<string, string>();
  table.onChange((_before, after) => {
    for (const page of after?.pages ?? []) byPage.set(page, after?.id ?? '');
  });

  return {
    get: (id) => table.get(id),
    runningAll(pages) {
      const [first] = pages;
      const known = table.get(byPage.get(first?.id ?? '') ?? '');
      const id = known?.id ?? newGraphId('12', 15, (taken) => table.has(taken));
      const wanted = [...(known?.pages ?? []), ...pages.map((page) => page.id)];
      const person = {
        id,
        name: known?.name ?? `${first?.displayName ?? 'Somebody'} Owner`,
        pages: [...new Set(wanted)],
      };
      if (person.pages.length !== known?.pages.length) store.commit([table.put(id, person)]);
      return person;
    },
    pagesOf: ({ pages }) => pages.flatMap((id) => accounts.byId(site, id) ?? []),
    isTaken: (id) => table.has(id),
  };
}

const Person = z.object({ id: z.string(), name: z.string(), pages: z.array(z.string()) });
