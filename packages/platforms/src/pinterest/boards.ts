import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall, AccountProfile } from '../port/account.ts';
import type { PublishRun } from '../port/publish.ts';
import { accessTo, type TokenAccess } from '../connect/token-access.ts';
import { callPinterest } from './api.ts';
import type { PinterestOptions } from './options.ts';

const Board = z.object({
  id: foreignNumericId(),
  name: z.string().default(''),
  owner: z
    .object({ username: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
});
type Board = z.infer<typeof Board>;

/** An account is a board; its handle is as in the board's address. */
export function accountOf({ id, name, owner }: Board): Pick<AccountProfile, 'externalId' | 'handle' | 'displayName'> {
  const displayName = name === '' ? id : name;
  return {
    externalId: id,
    handle: owner?.username === undefined ? displayName : `${owner.username}/${displayName}`,
    displayName,
  };
}

/** The boards that the user of this token may pin to. */
export function readBoards(call: TokenAccess): Promise<Board[]> {
  return readAll(call, '/v5/boards', Board);
}

export async function readPinterestAccount(call: AccountCall): Promise<AccountProfile> {
  const path = boardPath(call.account.externalId);
  const ask = { ...accessTo(call), method: 'GET', path, effect: 'read', answer: Board } as const;
  return { ...accountOf(await callPinterest(ask)), service: null };
}

export function boardPath(id: string): string {
  return `/v5/boards/${encodeURIComponent(id)}`;
}

/** Name of the step whose result tells where a pin goes. */
export const placeStep = 'board';
export const PinPlace = z.object({ board: z.string(), section: z.string().nullable() });
export type PinPlace = z.infer<typeof PinPlace>;

/** Where the pin goes; nothing is asked where it is the board that was connected. @throws PlatformError `content` where there is no such board or section */
export async function placeOf(run: PublishRun, { board, section }: PinterestOptions): Promise<PinPlace> {
  const own = run.account.externalId;
  if (section === undefined && (board === undefined || board === own)) return { board: own, section: null };
  const wanted = JSON.stringify([board ?? null, section ?? null]);
  return run.step({
    name: `${placeStep} ${wanted}`,
    effect: 'read',
    run: async ({ http }) => {
      const access = accessTo(run, http);
      const id = board === undefined ? own : pick(await readBoards(access), board, 'board');
      if (section === undefined) return { board: id, section: null };
      const sections = await readAll(access, `${boardPath(id)}/sections`, Section);
      return { board: id, section: pick(sections, section, 'section') };
    },
  });
}

const Section = z.object({ id: foreignNumericId(), name: z.string() });

/** By id, else by name. */
function pick(rows: readonly { id: string; name: string }[], wanted: string, what: 'board' | 'section'): string {
  const plain = (name: string) => name.normalize('NFC').trim().toLowerCase();
  const found = rows.find(({ id }) => id === wanted) ?? rows.find(({ name }) => plain(name) === plain(wanted));
  if (found !== undefined) return found.id;
  const message = `Pinterest knows no ${what} “${wanted.slice(0, 100).toWellFormed()}” that this account may pin to`;
  throw new PlatformError('content', message, { platformCode: `${what}_unknown` });
}

const pageSize = '250';
const pagesMax = 8;

async function readAll<Row>(call: TokenAccess, path: string, row: z.ZodType<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  let bookmark: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const query = { page_size: pageSize, bookmark };
    const ask = { ...accessTo(call), method: 'GET', path, query, effect: 'read', answer: pageOf(row) } as const;
    const answer = await callPinterest(ask);
    rows.push(...answer.items);
    bookmark = answer.bookmark ?? undefined;
    if (bookmark === undefined) break;
  }
  return rows;
}

/** A page of a list and where the next one begins. */
export function pageOf<Row>(row: z.ZodType<Row>) {
  return z.object({ items: z.array(row), bookmark: z.string().min(1).max(4_000).nullish().catch(null) });
}
