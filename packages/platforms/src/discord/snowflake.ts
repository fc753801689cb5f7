const discordEpochMs = 1_420_070_400_000n;
const sequenceBits = 22n;

/** The least id that Discord can have given at that time. https://docs.discord.com/developers/reference#snowflakes */
export function snowflakeAt(time: Date): bigint {
  const sinceEpochMs = BigInt(time.getTime()) - discordEpochMs;
  return sinceEpochMs <= 0n ? 0n : sinceEpochMs << sequenceBits;
}

export function timeOfSnowflake(id: string): Date {
  return new Date(Number((BigInt(id) >> sequenceBits) + discordEpochMs));
}

/** How far apart what Discord's answers say of its clock, and its clock, may be. */
const clockSkewMs = 60_000;
const staleMs = 3_600_000;

/** What is newer than this came since the send: the newest from before it, unless that is so old that many came since. */
export function beginningOf(after: string | null, startedAt: Date): string {
  const before = (ms: number) => snowflakeAt(new Date(startedAt.getTime() - ms));
  if (after === null) return String(before(clockSkewMs));
  return BigInt(after) < before(staleMs) ? String(before(staleMs)) : after;
}
