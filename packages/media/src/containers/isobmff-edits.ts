import { type Box, child, uintIn } from './isobmff-boxes.ts';

/** What of a track is shown, and for how long (`elst`). Null where a file has no list: then all of it is. */
export interface EditList {
  /** Of all parts, with pauses, in ticks of the movie; 0 where a list says «the rest». */
  readonly movieTicks: number;
  /** Pauses before it, in ticks of the movie. */
  readonly emptyTicks: number;
  /** Where the last part begins, in ticks of the track. */
  readonly mediaTicks: number;
}

export function readEdits(moov: Buffer, trak: Box): EditList | null {
  const list = child(moov, trak, 'edts', 'elst');
  if (list === null) return null;
  const isLong = uintIn(moov, list, 0, 1) === 1;
  const [time, entry] = isLong ? ([8, 20] as const) : ([4, 12] as const);
  const count = Math.min(uintIn(moov, list, 4, 4), Math.floor((list.end - list.body - 8) / entry));
  if (count < 1) return null;
  const edits = { movieTicks: 0, emptyTicks: 0, mediaTicks: 0 };
  for (let index = 0; index < count; index += 1) {
    const at = 8 + index * entry;
    const ticks = uintIn(moov, list, at, time);
    const begins = uintIn(moov, list, at + time, time);
    const isEmpty = begins === (isLong ? Number(0xffff_ffff_ffff_ffffn) : 0xffff_ffff);
    edits.movieTicks += ticks;
    if (isEmpty) edits.emptyTicks += ticks;
    else edits.mediaTicks = begins;
  }
  return edits;
}

/**
 * How long a track is shown.
 * @param mediaSeconds all of its samples
 * @param indexSeconds those that the index names: a list that was written before fragments followed tells of these only
 */
export function shownSeconds(
  edits: EditList | null,
  track: { readonly timescale: number; readonly mediaSeconds: number; readonly indexSeconds: number },
  movieTimescale: number,
): number {
  if (edits === null || movieTimescale <= 0 || track.timescale <= 0) return track.mediaSeconds;
  const shown = (edits.movieTicks - edits.emptyTicks) / movieTimescale;
  const empty = edits.emptyTicks / movieTimescale;
  const isOfIndexOnly = track.mediaSeconds > track.indexSeconds && shown <= track.indexSeconds;
  if (shown > 0 && !isOfIndexOnly) return shown + empty;
  const rest = track.mediaSeconds - edits.mediaTicks / track.timescale;
  return empty + (rest > 0 ? rest : track.mediaSeconds);
}
