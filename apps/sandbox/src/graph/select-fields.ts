/** The names at the top of `fields=id,name,comments.summary(true).limit(0),media{url}`, in order. */
export function fieldNames(fields: string | undefined): string[] {
  const names: string[] = [];
  let depth = 0;
  let name = '';
  let isName = true;
  for (const letter of `${fields ?? ''},`) {
    if (depth === 0 && letter === ',') {
      if (name.trim() !== '') names.push(name.trim());
      name = '';
      isName = true;
    } else if (letter === '{' || letter === '(') {
      depth += 1;
      isName = false;
    } else if (letter === '}' || letter === ')') {
      depth -= 1;
    } else if (depth === 0 && letter === '.') {
      isName = false;
    } else if (depth === 0 && isName) {
      name += letter;
    }
  }
  return names;
}

/** What is asked for of a node, and always its id. A name that the node does not have is refused by the caller. */
export function selectFields(
  node: Readonly<Record<string, unknown>> & { readonly id: string },
  fields: string | undefined,
  byDefault: readonly string[],
): { selected: Record<string, unknown>; unknown: string[] } {
  const asked = fieldNames(fields);
  const names = asked.length === 0 ? byDefault : asked;
  const unknown = names.filter((name) => !Object.hasOwn(node, name));
  const selected = Object.fromEntries(
    names.filter((name) => node[name] !== undefined).map((name) => [name, node[name]]),
  );
  return { selected: { ...selected, id: node.id }, unknown };
}
