/** Reads numbers of any number of bits, the highest first; beyond the end stand zeros. */
export interface BitReader {
  bits(count: number): number;
  /** Exp-Golomb coded (ITU-T H.264, 9.1). */
  golomb(): number;
  left(): number;
}

export function readBits(data: Uint8Array): BitReader {
  let at = 0;
  const total = data.length * 8;

  function bits(count: number): number {
    let value = 0;
    for (let read = 0; read < count; read += 1, at += 1)
      value = value * 2 + (((data[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    return value;
  }

  return {
    bits,
    golomb() {
      let zeros = 0;
      while (at < total && zeros < 31 && bits(1) === 0) zeros += 1;
      return 2 ** zeros - 1 + bits(zeros);
    },
    left: () => Math.max(0, total - at),
  };
}
