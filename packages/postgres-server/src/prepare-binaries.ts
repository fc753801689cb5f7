import { join } from 'node:path';
import { canRun } from './can-enter.ts';
import type { Place } from './choose-place.ts';
import { areBinariesComplete, completeBinaries, copyBinaries, type PostgresBinaries } from './locate-binaries.ts';

/** Directory with binaries that the place's account can run: the installed ones where it may reach them, else a copy. */
export async function prepareBinaries(place: Place, binaries: PostgresBinaries): Promise<string> {
  if (!(await areBinariesComplete(binaries.root))) {
    try {
      await completeBinaries(binaries.root);
    } catch {
      // An installation that may not be written to is left as it is; the copy is completed instead.
      return copyBinaries(binaries, place.home);
    }
  }
  if (await canRun(join(binaries.root, 'bin', 'postgres'), place.account)) return binaries.root;
  return copyBinaries(binaries, place.home);
}
