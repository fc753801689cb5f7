const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** For a person: `6 d 23 h`, `1 h 59 min`, `12 min`, `less than 1 min`, `expired`. Rounded down. */
export function timeLeftText(leftMs: number): string {
  if (leftMs <= 0) return 'expired';
  if (leftMs < minuteMs) return 'less than 1 min';
  const days = Math.floor(leftMs / dayMs);
  const hours = Math.floor((leftMs % dayMs) / hourMs);
  const minutes = Math.floor((leftMs % hourMs) / minuteMs);
  if (days > 0) return joined(`${days} d`, hours, 'h');
  if (hours > 0) return joined(`${hours} h`, minutes, 'min');
  return `${minutes} min`;
}

function joined(whole: string, rest: number, unit: string): string {
  return rest === 0 ? whole : `${whole} ${rest} ${unit}`;
}
