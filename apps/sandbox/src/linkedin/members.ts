import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { randomSecret } from '../state/random-secret.ts';

/** People and the organizations that they run; both are accounts of this platform, and their ids are URNs. */
export type Members = {
  isOrganization(urn: string): boolean;
  /** What a person runs, from the first time on that they were named together. */
  runs(person: Account, organizations: readonly Account[]): void;
  organizationsOf(person: string): Account[];
  /** Whoever runs it, made if nobody does. */
  adminOf(organization: Account): Account;
  newId(handle: string): string;
};

export const organizationPrefix = 'company/';

export function createMembers({ site, platform, sandbox }: SiteContext): Members {
  const { store, accounts, clock } = sandbox;
  const table = store.table('linkedin.admins', Admin);
  const byPerson = new Map<string, string[]>();
  table.onChange((_before, after) => {
    if (after !== undefined) byPerson.set(after.person, [...(byPerson.get(after.person) ?? []), after.organization]);
  });
  const key = (organization: string, person: string) => `${organization} ${person}`;
  const isTaken = (urn: string) => accounts.byId(site, urn) !== undefined;

  function newId(handle: string): string {
    const make = handle.startsWith(organizationPrefix)
      ? () => `urn:li:organization:${randomInt(10_000_000, 99_999_999)}`
      : () =>
          `urn:li:person:${randomSecret(12)
            .replaceAll(/[^A-Za-z0-9_-]/gu, '0')
            .slice(0, 10)}`;
    for (;;) {
      const urn = make();
      if (!isTaken(urn)) return urn;
    }
  }

  function runs(person: Account, organizations: readonly Account[]): void {
    const fresh = organizations.filter(({ id }) => !table.has(key(id, person.id)));
    store.commit(fresh.map(({ id }) => table.put(key(id, person.id), { organization: id, person: person.id })));
  }

  return {
    isOrganization: (urn) => urn.startsWith('urn:li:organization:'),
    runs,
    organizationsOf: (person) => (byPerson.get(person) ?? []).flatMap((id) => accounts.byId(site, id) ?? []),
    adminOf(organization) {
      const row = Array.from(table.rows()).find((each) => each.organization === organization.id);
      const known = accounts.byId(site, row?.person ?? '');
      if (known !== undefined) return known;
      const handle = `${organization.handle.slice(organizationPrefix.length)}-admin`;
      const createdAt = new Date(clock.wallMs()).toISOString();
      const person = { id: newId(handle), platform, site, handle, displayName: handle, createdAt };
      accounts.add(person);
      runs(person, [organization]);
      return person;
    },
    newId,
  };
}

const Admin = z.object({ organization: z.string(), person: z.string() });
