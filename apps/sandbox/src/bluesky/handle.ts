/** Handles are names of domains; one without a dot gets that of this server. */
export const handleDomain = '.test';

export function normalizeHandle(handle: string): string {
  const name = handle
    .trim()
    .toLowerCase()
    .replace(/^@/, '')
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '');
  return name === '' || name.includes('.') ? name : `${name}${handleDomain}`;
}
