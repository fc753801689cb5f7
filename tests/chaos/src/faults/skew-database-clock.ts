import { skewedClock } from '../find-faketime-library.ts';
import type { FaultKind } from './fault.ts';

/** PostgreSQL crashes, and its machine's clock is off when it is back: by up to so much, fast or slow, until the next crash or the end. */
export const skewDatabaseClock: FaultKind = {
  name: 'database clock off',
  lane: 'store',
  weight: 0.7,
  plan({ system, random, faketimeLibrary, databaseClockMaxSeconds }) {
    if (faketimeLibrary === null || databaseClockMaxSeconds === 0) return null;
    const drawn = random.between(-databaseClockMaxSeconds, databaseClockMaxSeconds);
    const offsetSeconds = random.chance(0.4) ? 0 : drawn;
    const downMs = random.between(0, 1_000);
    return {
      target: `by ${offsetSeconds} s`,
      run: () =>
        system.postgres.crash(downMs, {
          offsetSeconds,
          env: offsetSeconds === 0 ? {} : skewedClock(faketimeLibrary, offsetSeconds),
        }),
    };
  },
};
