import { userInfo } from 'node:os';

/**
 * Of a folder above the database's own: the server that root starts runs under another account, which has to pass through and lists
 * nothing. Everybody else's is theirs alone.
 */
export function passableMode(uid: number = userInfo().uid): number {
  return uid === 0 ? 0o711 : 0o700;
}
