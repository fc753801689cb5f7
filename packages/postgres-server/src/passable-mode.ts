/**
 * Of a folder above the database's own: the server that root starts runs under another account, which has to pass through and lists
 * nothing. Everybody else's is theirs alone.
 */
export function passableMode(uid: number | undefined = process.getuid?.()): number {
  return uid === 0 ? 0o711 : 0o700;
}
