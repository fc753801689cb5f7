import { z } from 'zod';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';

/** A part of a board. */
export type Section = z.infer<typeof Section>;

export type Sections = {
  /** The one of that name, made if there is none. */
  named(board: string, name: string): Section;
  ofBoard(board: string): Section[];
};

export function createSections({ sandbox }: SiteContext): Sections {
  const table = sandbox.store.table('pinterest.sections', Section);
  const ofBoard = (board: string) => Array.from(table.rows()).filter((section) => section.board === board);
  return {
    ofBoard,
    named(board, name) {
      const known = ofBoard(board).find((section) => section.name === name);
      if (known !== undefined) return known;
      const section = { id: newGraphId('6', 18, (taken) => table.has(taken)), board, name };
      sandbox.store.commit([table.put(section.id, section)]);
      return section;
    },
  };
}

const Section = z.object({ id: z.string(), board: z.string(), name: z.string() });
