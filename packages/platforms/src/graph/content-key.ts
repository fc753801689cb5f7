import { createHash } from 'node:crypto';
import type { JsonValue } from '../port/json-value.ts';
import type { Parameters } from './call-graph.ts';

/** The name of a step whose request holds the content itself: it changes with the content, so that an edited post meets no old result. */
export function contentStep(name: string, content: JsonValue): string {
  return `${name} (${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 12)})`;
}

/** The same of parameters; what is undefined is left out. */
export function parametersStep(name: string, parameters: Parameters): string {
  const given = Object.entries(parameters).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return contentStep(name, Object.fromEntries(given));
}
