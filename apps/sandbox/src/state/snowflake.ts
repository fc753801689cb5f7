/** Makes increasing ids that carry their time: milliseconds since `epochMs`, then `sequenceBits` bits. */
export type Snowflake = () => string;

export function createSnowflake(options: {
  epochMs: number;
  sequenceBits: number;
  wallMs: () => number;
  /** Ids of an earlier run may lie ahead of a clock that was set back. */
  isTaken: (id: string) => boolean;
}): Snowflake {
  const shift = BigInt(options.sequenceBits);
  let last = 0n;
  return () => {
    const floor = BigInt(options.wallMs() - options.epochMs) << shift;
    last = floor > last ? floor : last + 1n;
    while (options.isTaken(String(last))) last += 1n;
    return String(last);
  };
}

/** Compares two decimal ids as the numbers they are. */
export function compareIds(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : Number(left > right);
}
