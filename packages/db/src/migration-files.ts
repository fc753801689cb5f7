import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import type { RoleNames } from './role-names.ts';

const migrationsUrl = new URL('../migrations/', import.meta.url);

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

/** The files under `migrations/`, in the order in which they are applied. */
export async function migrationFiles(): Promise<Migration[]> {
  return Promise.all(
    (await migrationNames()).map(async (name) => {
      const sql = await readFile(new URL(name, migrationsUrl), 'utf8');
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

export async function migrationNames(): Promise<string[]> {
  return (await readdir(migrationsUrl)).filter((name) => name.endsWith('.sql')).toSorted();
}

/** The first migration makes the roles itself, which not every login may: they are made beforehand (`requireRights`). */
const roleBlock = /^-- Roles belong to the whole cluster.*?^\$\$;\n/ms;

/** A migration as this installation needs it: its files say `vibetribe_...` and `public`, an operator may say otherwise. */
export function migrationText(sql: string, names: { readonly roles: RoleNames; readonly schema: string }): string {
  return sql
    .replace(roleBlock, '')
    .replaceAll('schema public', () => `schema ${pg.escapeIdentifier(names.schema)}`)
    .replaceAll(/\bvibetribe_(tenant|worker|identity)\b/g, (_, role: keyof RoleNames) => names.roles[role]);
}
