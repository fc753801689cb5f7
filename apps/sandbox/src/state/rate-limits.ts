import { z } from 'zod';
import type { Change, Store } from '../store/store.ts';
import type { Clock } from './clock.ts';

/** A documented limit: so much in so long. `aligned` windows start at multiples of their length, others at first use. */
export type Limit = { name: string; max: number; windowMs: number; aligned?: boolean };

/** One limit drawn on for one subject (an account, an application, an address). */
export type Draw = { limit: Limit; subject: string; cost?: number };

/** `resetAtMs` is wall time. */
export type LimitState = {
  name: string;
  max: number;
  remaining: number;
  resetAtMs: number;
  windowMs: number;
  exceeded: boolean;
};

export type RateLimits = {
  /** Draws on all of them, or on none if one of them has too little left; that one is `exceeded`. */
  draw(platform: string, draws: readonly Draw[]): LimitState[];
  scale(platform: string): number;
  setScale(platform: string, scale: number): void;
  clear(): Change[];
};

export function createRateLimits(store: Store, clock: Clock): RateLimits {
  const windows = store.table('limit-windows', LimitWindow);
  const scales = store.table('limit-scales', z.object({ platform: z.string(), scale: z.number() }));
  const scale = (platform: string) => scales.get(platform)?.scale ?? 1;

  function current(key: string, limit: Limit, nowMs: number): LimitWindow {
    const known = windows.get(key);
    if (known !== undefined && nowMs < known.startedAtMs + limit.windowMs) return known;
    const startedAtMs = limit.aligned === true ? nowMs - (nowMs % limit.windowMs) : nowMs;
    return { key, startedAtMs, used: 0 };
  }

  return {
    draw(platform, draws) {
      const nowMs = clock.nowMs();
      const taken = draws.map(({ limit, subject, cost = 1 }) => {
        const max = Math.max(1, Math.round(limit.max * scale(platform)));
        const window = current(`${platform}/${limit.name}/${subject}`, limit, nowMs);
        return { limit, max, window, cost, exceeded: window.used + cost > max };
      });
      const allowed = taken.every((each) => !each.exceeded);
      if (allowed) {
        store.commit(taken.map(({ window, cost }) => windows.put(window.key, { ...window, used: window.used + cost })));
      }
      return taken.map(({ limit, max, window, cost, exceeded }) => ({
        name: limit.name,
        max,
        remaining: Math.max(0, max - window.used - (allowed ? cost : 0)),
        resetAtMs: clock.toWallMs(window.startedAtMs + limit.windowMs),
        windowMs: limit.windowMs,
        exceeded,
      }));
    },
    scale,
    setScale: (platform, factor) => store.commit([scales.put(platform, { platform, scale: factor })]),
    clear: () => Array.from(windows.rows(), (window) => windows.drop(window.key)),
  };
}

type LimitWindow = z.infer<typeof LimitWindow>;

const LimitWindow = z.object({ key: z.string(), startedAtMs: z.number(), used: z.number() });
