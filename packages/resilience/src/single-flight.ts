export interface SingleFlight<Key, Value> {
  /** Runs `load` unless a run for this key is under way; then its outcome, value or error, is shared. Nothing is kept afterwards. */
  run(key: Key, load: () => Promise<Value>): Promise<Value>;
}

/** At most one run per key at a time within this process. Keys are compared as `Map` does. */
export function createSingleFlight<Key, Value>(): SingleFlight<Key, Value> {
  const flights = new Map<Key, Promise<Value>>();

  return {
    run(key, load) {
      const underWay = flights.get(key);
      if (underWay !== undefined) return underWay;
      const flight = startFlight(load).finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
  };
}

async function startFlight<Value>(load: () => Promise<Value>): Promise<Value> {
  return await load();
}
