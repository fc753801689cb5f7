import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { seenForm } from '../text/normal-form.ts';
import { PlatformError } from '../port/platform-error.ts';
import { accessTo, type TokenAccess } from '../connect/token-access.ts';
import { callPinterest } from './api.ts';
import { boardPath, pageOf } from './boards.ts';

const text = z.string().nullish().catch(null);
export const Pin = z.object({
  id: foreignNumericId(),
  created_at: text,
  title: text,
  description: text,
  link: text,
  alt_text: text,
  media: z.object({ media_type: text }).nullish().catch(null),
});
export type Pin = z.infer<typeof Pin>;

/** What is stored before the first send: the newest pin of the board by then. Null: there was none, or Pinterest did not tell. */
export const PinKey = z.object({ newest: z.object({ id: z.string(), at: z.string().nullable() }).nullable() });
export type PinKey = z.infer<typeof PinKey>;

export async function keyBeforeSend(call: TokenAccess, board: string): Promise<PinKey> {
  try {
    const { items } = await readPage(call, board, { size: '1' });
    const [newest] = items;
    return { newest: newest === undefined ? null : { id: newest.id, at: newest.created_at ?? null } };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind.startsWith('auth_')) throw error;
    return { newest: null };
  }
}

const pageSize = '100';
const pagesMax = 10;

/** The pins of a board down to the first that `isBefore` knows, newest first. */
export async function readPinsSince(
  call: TokenAccess,
  board: string,
  isBefore: (pin: Pin) => boolean,
): Promise<{ pins: Pin[]; isComplete: boolean }> {
  const pins: Pin[] = [];
  let bookmark: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await readPage(call, board, { size: pageSize, bookmark });
    const boundary = answer.items.findIndex(isBefore);
    pins.push(...(boundary === -1 ? answer.items : answer.items.slice(0, boundary)));
    bookmark = answer.bookmark ?? undefined;
    if (boundary !== -1 || bookmark === undefined) return { pins, isComplete: true };
  }
  return { pins, isComplete: false };
}

function readPage(call: TokenAccess, board: string, page: { size: string; bookmark?: string | undefined }) {
  return callPinterest({
    ...accessTo(call),
    method: 'GET',
    path: `${boardPath(board)}/pins`,
    query: { page_size: page.size, bookmark: page.bookmark },
    effect: 'read',
    answer: pageOf(Pin),
  });
}

/** UTC, with or without a sign of it; NaN where it is no time. */
export function timeOf(at: string | null | undefined): number {
  const given = at ?? '';
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/iu.test(given) ? given : `${given}Z`);
}

/** A text as it may come back. */
export function plain(given: string | null | undefined): string {
  return seenForm(given ?? '');
}

/** A link as it may come back. */
export function plainLink(given: string | null | undefined): string {
  const link = given ?? '';
  return (URL.canParse(link) ? new URL(link).href : link).replace(/\/$/u, '');
}
