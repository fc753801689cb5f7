/** How figures are written in findings. Seconds from ms, kilobytes and megabytes from bytes, two decimals at most. */
export function seconds(ms: number | undefined): string {
  return rounded((ms ?? 0) / 1000);
}

export function megabytes(bytes: number): string {
  return rounded(bytes / 1_000_000);
}

export function kilobytes(bytes: number | undefined): string {
  return rounded((bytes ?? 0) / 1_000);
}

export function rounded(value: number | undefined): string {
  return String(Math.round((value ?? 0) * 100) / 100);
}

export function list(values: readonly string[]): string {
  return values.join(', ');
}

/** Rates are told with rounding errors, 60 frames a second as 60.002, and 24 are 23.976 in most films. */
export const rateTolerance = 1.005;
