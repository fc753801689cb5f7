import type { PlatformHttp } from '../port/platform-http.ts';

/** The platform's clock beside ours, as its answers tell it. Look-ups compare the platform's times with each other, never with ours. */
export interface PlatformClock {
  /** Listens to the `Date` of what it is asked. */
  readonly http: PlatformHttp;
  /** What the platform's clock said at a moment of ours; the moment itself where no answer has told a date yet. */
  timeOf(moment: Date): Date;
}

/** @param askedAt now, by the clock that the moments are of */
export function listenToPlatformClock(http: PlatformHttp, askedAt: Date): PlatformClock {
  let aheadMs: number | null = null;
  return {
    http: {
      async request(wanted) {
        const response = await http.request(wanted);
        const saidMs = Date.parse(response.headers['date'] ?? '');
        if (aheadMs === null && !Number.isNaN(saidMs)) aheadMs = saidMs - askedAt.getTime();
        return response;
      },
    },
    timeOf: (moment) => new Date(moment.getTime() + (aheadMs ?? 0)),
  };
}
