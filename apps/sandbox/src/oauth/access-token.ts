/** The token of `Authorization: Bearer` or `DPoP` (RFC 6750, 9449), undefined where there is none. */
export function accessToken(header: string | undefined): { scheme: 'Bearer' | 'DPoP'; value: string } | undefined {
  const [, scheme, value] = /^(Bearer|DPoP) +(\S+) *$/i.exec(header ?? '') ?? [];
  if (scheme === undefined || value === undefined) return undefined;
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', value };
}
