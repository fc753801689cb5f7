/** Measures a text: the same measure and text give the first result again. */
export type TextMeasure = <Result>(measure: (text: string) => Result, text: string) => Result;

export const measureAnew: TextMeasure = (measure, text) => measure(text);

/** One text goes to a hundred accounts of a request; it is measured once for their platform. Lives as long as the request. */
export function createTextMeasure(): TextMeasure {
  const results = new Map<(text: string) => unknown, Map<string, unknown>>();
  return <Result>(measure: (text: string) => Result, text: string): Result => {
    const known = results.get(measure) ?? new Map<string, unknown>();
    results.set(measure, known);
    if (!known.has(text)) known.set(text, measure(text));
    return known.get(text) as Result;
  };
}
