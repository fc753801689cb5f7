import { quantile } from './contenders.ts';

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Median and, in brackets, least and most. */
export function spread(values: readonly number[], digits = 0): string {
  const sorted = values.toSorted((left, right) => left - right);
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  return `${median(values).toFixed(digits).padStart(6)} [${least.toFixed(digits)}..${most.toFixed(digits)}]`;
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((left, right) => left - right),
    0.5,
  );
}

/** One line of a comparison: what was measured, what is wanted, and whether that is met. */
export function verdict(
  what: string,
  measured: number,
  wanted: { atLeast: number } | { atMost: number },
  digits = 2,
): void {
  const [met, word, bound] =
    'atLeast' in wanted
      ? [measured >= wanted.atLeast, 'at least', wanted.atLeast]
      : [measured <= wanted.atMost, 'at most', wanted.atMost];
  print(
    `${what.padEnd(64)} ${measured.toFixed(digits).padStart(8)}   wanted ${word} ${bound.toFixed(digits)}: ${met ? 'met' : 'MISSED'}`,
  );
}
