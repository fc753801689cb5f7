/** Whether an error is Node's for a failed system call, with this code: `ENOENT` and so on. */
export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Whether an error, or what caused it, says that no room is left for data. */
export function isFullDisk(error: unknown): boolean {
  const isFull = isSystemError(error, 'ENOSPC') || isSystemError(error, 'EDQUOT');
  return isFull || (error instanceof Error && error.cause !== undefined && isFullDisk(error.cause));
}
