import { PlatformError } from '../port/platform-error.ts';
import { readPages } from './read-pages.ts';

interface ListedPost {
  readonly id: string;
  readonly timestamp?: string | undefined;
}

type ReadList<Post> = (limit: string, after: string | undefined) => ReturnType<Parameters<typeof readPages<Post>>[0]>;

/** The newest post before a send. Null: there was none, or the platform did not tell; then the time of the send has to do. */
export async function newestBeforeSend(readList: ReadList<ListedPost>): Promise<string | null> {
  try {
    const { data } = await readList('1', undefined);
    return data[0]?.id ?? null;
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind.startsWith('auth_')) throw error;
    return null;
  }
}

/** Between what the platform's answers say of its clock, and its clock. */
const clockSkewMs = 60_000;
const pageSize = '50';
const pagesMax = 10;

/**
 * What is listed above the newest post of before, newest first. Time tells only where that post is not known, or not there any more.
 * @param since when the first send began that may have arrived, by the platform's clock; asked once the list has told that
 */
export async function postsSince<Post extends ListedPost>(
  readList: ReadList<Post>,
  newestBefore: string | null,
  since: () => Date,
): Promise<{ above: readonly Post[]; ids: ReadonlySet<string>; isComplete: boolean }> {
  const isNewest = ({ id }: Post) => id === newestBefore;
  const isBefore = (post: Post) => timeOf(post) < since().getTime() - clockSkewMs;
  const { rows, isComplete } = await readPages((after) => readList(pageSize, after), {
    pagesMax,
    isEnough: (posts) => posts.some(newestBefore === null ? isBefore : isNewest),
  });
  const newest = rows.findIndex(isNewest);
  const boundary = newest === -1 ? rows.findIndex(isBefore) : newest;
  return {
    above: boundary === -1 ? rows : rows.slice(0, boundary),
    ids: new Set(rows.map(({ id }) => id)),
    isComplete: isComplete || boundary !== -1,
  };
}

/** Without a time it may be any. */
function timeOf({ timestamp }: ListedPost): number {
  const at = Date.parse((timestamp ?? '').replace(/\+0000$/u, 'Z'));
  return Number.isNaN(at) ? Infinity : at;
}

/** Whether the platform has what `read` asks for. */
export async function isThere(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (error instanceof PlatformError && (error.kind === 'not_found' || error.kind === 'content')) return false;
    throw error;
  }
}
