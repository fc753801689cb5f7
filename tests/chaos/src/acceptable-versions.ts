import type { Operation } from './history.ts';

/** A text and the time from which it may be visible. */
export interface Version {
  readonly revision: number;
  readonly dueAtMs: number;
}

/**
 * The versions of one post that may become visible. An acknowledged edit replaces all before it, since it is refused once anything is
 * under way; one whose answer was lost may or may not hold. Publishing now allows the version at hand from that moment on.
 */
export function acceptableVersions(operations: readonly Operation[]): Version[] {
  let versions: Version[] = [];
  for (const operation of operations.toSorted((one, other) => one.startedAtMs - other.startedAtMs)) {
    if (operation.result === 'refused') continue;
    if (operation.kind === 'publish_now') {
      versions = [...versions, ...versions.map(({ revision }) => ({ revision, dueAtMs: operation.startedAtMs }))];
    }
    if (operation.kind !== 'create' && operation.kind !== 'edit') continue;
    const { revision, dueAtMs } = operation;
    if (revision === undefined || dueAtMs === undefined) continue;
    const next = { revision, dueAtMs };
    versions = operation.result === 'ok' ? [next] : [...versions, next];
  }
  return versions;
}

/** Deleted, acknowledged, before any version of it was due: it must never appear. */
export function isTimelyDelete(operations: readonly Operation[]): boolean {
  const deleted = operations.find(({ kind, result }) => kind === 'delete' && result === 'ok');
  if (deleted === undefined) return false;
  return acceptableVersions(operations).every(({ dueAtMs }) => deleted.endedAtMs < dueAtMs);
}
