import type { AuditEntry } from '@vibetribe/contracts/audit';
import type { JsonValue } from '@vibetribe/contracts/json-value';
import { auditEntries } from '@vibetribe/db/schema/identity';
import { and, desc, eq, lt } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { cutPage } from '../cut-page.ts';
import { requireRight } from '../identity/authorize.ts';

/** Of a long text the beginning is shown. */
const textCharactersMax = 300;

/** Who changed what in the organization, newest first, before the id given. */
export async function listAudit(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  { limit, beforeId }: { readonly limit: number; readonly beforeId: number | null },
): Promise<{ items: AuditEntry[]; hasMore: boolean }> {
  requireRight(actor, 'audit:read');
  const rows = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx
      .select()
      .from(auditEntries)
      .where(
        and(
          eq(auditEntries.organizationId, actor.organizationId),
          beforeId === null ? undefined : lt(auditEntries.id, beforeId),
        ),
      )
      .orderBy(desc(auditEntries.id))
      .limit(limit + 1),
  );
  const { items, hasMore } = cutPage(rows, limit);
  return { items: items.map(present), hasMore };
}

function present(row: typeof auditEntries.$inferSelect): AuditEntry {
  const { id, at, actor, action, target, before, after } = row;
  return {
    id: String(id),
    at: at.toISOString(),
    actor,
    action,
    target,
    ...(before === null ? {} : { before: presentValues(before) }),
    ...(after === null ? {} : { after: presentValues(after) }),
  };
}

/** Columns are named as fields are elsewhere on the wire. */
function presentValues(values: Readonly<Record<string, unknown>>): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(values).map(([column, value]) => [
      column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      shortened(value as JsonValue),
    ]),
  );
}

function shortened(value: JsonValue): JsonValue {
  return typeof value === 'string' && value.length > textCharactersMax
    ? `${value.slice(0, textCharactersMax)}…`
    : value;
}
