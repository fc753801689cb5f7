import { DomainError } from '../domain-error.ts';

/**
 * The guard decides at each delivery; what can be seen from the address alone is said at once.
 * @param path of the field
 * @throws DomainError `validation_failed`
 */
export async function requireAddress(
  { isAllowedHost }: { readonly isAllowedHost: (host: string, port: number) => Promise<boolean> },
  url: string,
  path: string,
): Promise<void> {
  const { protocol, hostname, port, username, password } = new URL(url);
  const fault = (message: string) =>
    new DomainError('validation_failed', 'The address cannot be used.', { errors: [{ path, message }] });
  if (username !== '' || password !== '') throw fault('must not hold credentials');
  const isHttps = protocol === 'https:';
  const isAllowed = await isAllowedHost(hostname, port === '' ? (isHttps ? 443 : 80) : Number(port));
  if (!isHttps && !isAllowed) throw fault('must begin with https://');
}
