import type { z } from 'zod';
import type { FieldFault } from './error-code.ts';
import { faultPath, faultsMax, shortened } from './fault-bounds.ts';

/** `isUnknownField`: the field is fine in itself, but there is none of this name. */
export interface SchemaFault extends FieldFault {
  readonly isUnknownField: boolean;
}

const messageCharactersMax = 500;

/**
 * What a schema says against a value, as faults with paths; the first `faultsMax` of them.
 * @param root what to call the whole where a fault has no path of its own
 * @param above the path of the value itself
 */
export function schemaFaults(
  issues: readonly z.core.$ZodIssue[],
  { root, above = [] }: { readonly root: string; readonly above?: readonly PropertyKey[] },
): SchemaFault[] {
  const faults: SchemaFault[] = [];
  collect(issues, above, root, faults);
  return faults;
}

function collect(
  issues: readonly z.core.$ZodIssue[],
  above: readonly PropertyKey[],
  root: string,
  faults: SchemaFault[],
): void {
  for (const issue of issues) {
    if (faults.length === faultsMax) return;
    const path = [...above, ...issue.path];
    const nearest = issue.code === 'invalid_union' ? nearestBranch(issue.errors) : undefined;
    if (nearest !== undefined) collect(nearest, path, root, faults);
    else if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys.slice(0, faultsMax - faults.length)) {
        faults.push({ path: faultPath([...path, key]), message: 'is not a known field', isUnknownField: true });
      }
    } else {
      const message = shortened(issue.message, messageCharactersMax);
      faults.push({ path: path.length === 0 ? root : faultPath(path), message, isUnknownField: false });
    }
  }
}

/** The alternative the value fits best is most likely the one that was meant. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  return branches.filter((issues) => issues.length > 0).toSorted((one, other) => one.length - other.length)[0];
}
