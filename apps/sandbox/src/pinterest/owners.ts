import { z } from 'zod';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';

/** Whose the boards are. The accounts of this platform are the boards. */
export type Owner = z.infer<typeof Owner>;

export type Owners = {
  /** Of a board; made if it has none. */
  of(board: Account): Owner;
  /** The owner of the first of these boards has the others too from now on. */
  ofAll(boards: readonly Account[]): Owner;
  boardsOf(owner: Owner): Account[];
  newBoardId(): string;
};

export function createOwners({ site, sandbox }: SiteContext): Owners {
  const { store, accounts } = sandbox;
  const table = store.table('pinterest.owners', Owner);
  const byBoard = new Map<string, string>();
  table.onChange((_before, after) => {
    for (const board of after?.boards ?? []) byBoard.set(board, after?.id ?? '');
  });

  function ofAll(boards: readonly Account[]): Owner {
    const [first] = boards;
    const known = table.get(byBoard.get(first?.id ?? '') ?? '');
    const id = known?.id ?? newGraphId('9', 18, (taken) => table.has(taken));
    const wanted = [...(known?.boards ?? []), ...boards.map((board) => board.id)];
    const owner = { id, username: known?.username ?? first?.handle ?? id, boards: [...new Set(wanted)] };
    if (owner.boards.length !== known?.boards.length) store.commit([table.put(id, owner)]);
    return owner;
  }

  return {
    of: (board) => ofAll([board]),
    ofAll,
    boardsOf: ({ id, boards }) =>
      boards.filter((board) => byBoard.get(board) === id).flatMap((board) => accounts.byId(site, board) ?? []),
    newBoardId: () => newGraphId('5', 18, (taken) => accounts.byId(site, taken) !== undefined),
  };
}

const Owner = z.object({ id: z.string(), username: z.string(), boards: z.array(z.string()) });
