import type { Operation } from './history.ts';

/** A text and the time from which it may be visible. */
export interface Version {
  readonly revision: number;
  readonly dueAtMs: number;
}

/**
 * The versions of one post that may become visible. An acknowledged edit or move replaces all before it, since it is refused once anything
 * is under way; one whose answer was lost, or that mends a copy that had failed, may or may not hold. Publishing now allows the version at hand from that moment on.
 */
export function acceptableVersions(operations: readonly Operation[]): Version[] {
  let versions: Version[] = [];
  for (const operation of operations.toSorted((one, other) => one.startedAtMs - other.startedAtMs)) {
    if (operation.result === 'refused') continue;
    const next = versionsAfter(operation, versions);
    const replaces = operation.result === 'ok' && operation.kind !== 'publish_now' && operation.isMend !== true;
    versions = replaces ? next : [...versions, ...next];
  }
  return versions;
}

/** Those that hold once it has been carried out; where it changes none, the same. */
function versionsAfter({ kind, revision, dueAtMs, startedAtMs }: Operation, before: readonly Version[]): Version[] {
  const at = (time: number) => before.map((version) => ({ revision: version.revision, dueAtMs: time }));
  switch (kind) {
    case 'publish_now':
      return at(startedAtMs);
    case 'create':
    case 'edit':
      return revision === undefined || dueAtMs === undefined ? [...before] : [{ revision, dueAtMs }];
    case 'reschedule':
    case 'unschedule':
      return dueAtMs === undefined ? [...before] : at(dueAtMs);
    default:
      return [...before];
  }
}

/** Deleted, acknowledged, before any version of it was due, by a clock that may be so far ahead: it must never appear. */
export function isTimelyDelete(operations: readonly Operation[], aheadMs: number): boolean {
  const deleted = operations.find(({ kind, result }) => kind === 'delete' && result === 'ok');
  if (deleted === undefined) return false;
  return acceptableVersions(operations).every(({ dueAtMs }) => deleted.endedAtMs < dueAtMs - aheadMs);
}
