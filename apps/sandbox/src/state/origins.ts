import { z } from 'zod';
import type { Store } from '../store/store.ts';

/** Where an origin of the outside is found from here: stands in for its name and its certificate. */
export type Origins = {
  set(origin: string, at: string): void;
  /** The origin itself where nothing was said. */
  addressOf(origin: string): string;
};

export function createOrigins(store: Store): Origins {
  const table = store.table('origins', z.object({ at: z.string() }));
  return {
    set: (origin, at) => store.commit([table.put(origin, { at })]),
    addressOf: (origin) => table.get(origin)?.at ?? origin,
  };
}
