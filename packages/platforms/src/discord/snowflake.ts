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
