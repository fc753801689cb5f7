import { invalidParameter } from './answers.ts';
import { selectFields } from './select-fields.ts';

/** A node as it is asked for. @throws {RefusalError} 100 for a field that it does not have */
export function readNode(
  node: Readonly<Record<string, unknown>> & { readonly id: string },
  fields: string | undefined,
  byDefault: readonly string[],
): Record<string, unknown> {
  const { selected, unknown } = selectFields(node, fields, byDefault);
  const [first] = unknown;
  if (first !== undefined) throw invalidParameter(`Tried accessing nonexisting field (${first})`);
  return selected;
}
