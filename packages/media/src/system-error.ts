/** Whether an error is Node's for a failed system call, with this code: `ENOENT` and so on. */
export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
