export type ClientCredentials = { id: string; secret: string };

/** Reads `Authorization: Basic` (RFC 7617); undefined where the header is of another kind or broken. */
export function basicCredentials(header: string | undefined): ClientCredentials | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id, ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return id === undefined || rest.length === 0 ? undefined : { id, secret: rest.join(':') };
}
