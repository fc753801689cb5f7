/**
 * The sections that are named, all where none is.
 * @throws Error that lists the sections, for a name that is none of them
 */
export function chooseSections<Section>(
  sections: Readonly<Record<string, Section>>,
  names: readonly string[],
): Section[] {
  const unknown = names.filter((name) => !Object.hasOwn(sections, name));
  if (unknown.length > 0)
    throw new Error(`there is no section ${unknown.join(', ')}; there are ${Object.keys(sections).join(', ')}`);
  return Object.entries(sections).flatMap(([name, section]) =>
    names.length === 0 || names.includes(name) ? [section] : [],
  );
}
