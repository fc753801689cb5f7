import { invalidParameter } from './answers.ts';
import { listIn } from './request-parameters.ts';

/** A number as an edge of insights gives it. */
export type Insight = { name: string; value: number; period: string; in?: 'values' | 'total_value' };

/**
 * What was asked for, or nothing at all where nothing was counted yet.
 * @param known every number that this object has
 * @param isCounted whether the platform has counted any of it yet
 * @throws {RefusalError} 100 for all of them where one is not known
 */
export function viewInsights(
  id: string,
  given: Readonly<Record<string, string>>,
  known: readonly Insight[],
  isCounted: boolean,
) {
  const names = listIn(given, 'metric').map(String);
  if (names.length === 0) throw invalidParameter('The parameter metric is required');
  const strange = names.find((name) => !known.some((each) => each.name === name));
  if (strange !== undefined) {
    const list = known.map(({ name }) => name).join(', ');
    throw invalidParameter(`metric[${names.indexOf(strange)}] must be one of the following values: ${list}`);
  }
  if (!isCounted) return { data: [] };
  return { data: names.flatMap((name) => known.filter((each) => each.name === name).map((each) => view(id, each))) };
}

function view(id: string, { name, value, period, in: place = 'values' }: Insight) {
  const title = name.replaceAll('_', ' ');
  const values = place === 'values' ? { values: [{ value }] } : { total_value: { value } };
  return { name, period, ...values, title, description: title, id: `${id}/insights/${name}/${period}` };
}
