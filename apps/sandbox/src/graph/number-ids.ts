import { randomInt } from 'node:crypto';

/** Ids of the Graph API: digits, beyond 2^53, that tell nothing but whose kind they are by how they begin. */
export function newGraphId(prefix: string, digits: number, isTaken: (id: string) => boolean): string {
  for (;;) {
    let id = prefix;
    while (id.length < digits) id += String(randomInt(10));
    if (!isTaken(id)) return id;
  }
}
