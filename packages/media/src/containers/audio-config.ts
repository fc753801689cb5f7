import { readBits } from './bit-reader.ts';

export interface AudioConfig {
  readonly profile: string | null;
  /** Null where the stream tells it by itself. */
  readonly channels: number | null;
}

const profiles: Readonly<Record<number, string>> = {
  1: 'main',
  2: 'lc',
  3: 'ssr',
  4: 'ltp',
  5: 'he',
  29: 'he-v2',
  42: 'xhe',
};
const channelCounts = [null, 1, 2, 3, 4, 5, 6, 8] as const;
const bandReplication = { sync: 0x2b7, type: 5 } as const;

/** Reads an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). */
export function readAudioConfig(config: Uint8Array): AudioConfig {
  if (config.length < 2) return { profile: null, channels: null };
  const reader = readBits(config);
  const objectType = () => {
    const type = reader.bits(5);
    return type === 31 ? 32 + reader.bits(6) : type;
  };
  const type = objectType();
  if (reader.bits(4) === 15) reader.bits(24);
  const channels = channelCounts[reader.bits(4)] ?? null;
  return { profile: type === 2 && isExtended() ? 'he' : (profiles[type] ?? null), channels };

  /** Behind the usual three flags, where old decoders do not look, it may say that more is in the stream. */
  function isExtended(): boolean {
    reader.bits(3);
    return (
      reader.left() >= 17 &&
      reader.bits(11) === bandReplication.sync &&
      objectType() === bandReplication.type &&
      reader.bits(1) === 1
    );
  }
}
