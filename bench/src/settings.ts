export interface Settings {
  readonly rounds: number;
  /** Posts of the throughput section; the others have sizes of their own. */
  readonly count: number;
  readonly concurrency: number;
  /** Of each video of `uploads`. */
  readonly videoMegabytes: number;
  /** Of `limits`, 20 in 5 s at the most, and where: 2,000 take ten minutes. */
  readonly limitedPosts: number;
  readonly limitedBackends: readonly ('redis' | 'postgres')[];
  /** Of the large calendar. */
  readonly futurePosts: number;
  /** Of the larger organization of `lists`. */
  readonly listedPosts: number;
  /** Clients of `realtime`. */
  readonly sockets: number;
  /** Of `analytics`. */
  readonly snapshots: number;
}

export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  return {
    rounds: Number(env['BENCH_ROUNDS'] ?? 3),
    count: Number(env['BENCH_COUNT'] ?? 3_000),
    concurrency: Number(env['BENCH_CONCURRENCY'] ?? 100),
    videoMegabytes: Number(env['BENCH_VIDEO_MEGABYTES'] ?? 40),
    limitedPosts: Number(env['BENCH_LIMITED_POSTS'] ?? 200),
    limitedBackends:
      env['BENCH_LIMITED_BACKEND'] === 'redis'
        ? ['redis']
        : env['BENCH_LIMITED_BACKEND'] === 'postgres'
          ? ['postgres']
          : ['redis', 'postgres'],
    futurePosts: Number(env['BENCH_FUTURE_POSTS'] ?? 1_000_000),
    listedPosts: Number(env['BENCH_LISTED_POSTS'] ?? 1_000_000),
    sockets: Number(env['BENCH_SOCKETS'] ?? 1_000),
    snapshots: Number(env['BENCH_SNAPSHOTS'] ?? 1_000_000),
  };
}
