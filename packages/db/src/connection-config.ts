import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { OperatorError } from '@vibetribe/observability/operator-error';
import type pg from 'pg';
import { OpportunisticTlsClient } from './opportunistic-tls-client.ts';
import { parseServerOptions } from './server-options.ts';

export interface ConnectionConfig {
  /** Where the server is and how it is trusted; for a client or a pool. */
  readonly client: pg.PoolConfig;
  /** Settings that the address asks for (`options=-c search_path=app`), to be made on the connection: poolers refuse them at its start. */
  readonly settings: Readonly<Record<string, string>>;
}

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;
type SslMode = (typeof sslModes)[number];

/**
 * Reads a `postgres://` address. `sslmode`, `sslrootcert` (a file, or `system`), `sslcert` and `sslkey` mean what they mean to libpq,
 * except that without any of them there is no TLS. `allow` is taken as `prefer`.
 * @throws OperatorError without the address's credentials
 */
export function connectionConfig(databaseUrl: string): ConnectionConfig {
  const url = parseUrl(databaseUrl);
  const parameter = (name: string) => url.searchParams.get(name) || undefined;
  const host = parameter('host') ?? decodeURIComponent(url.hostname.replace(/^\[(.+)\]$/, '$1'));
  const port = parameter('port') ?? url.port;
  const user = parameter('user') ?? decodeURIComponent(url.username);
  const password = parameter('password') ?? decodeURIComponent(url.password);
  const database = parameter('dbname') ?? decodeURIComponent(url.pathname.slice(1));
  return {
    client: {
      ...(host === '' ? {} : { host }),
      ...(port === '' ? {} : { port: Number(port) }),
      ...(user === '' ? {} : { user }),
      ...(password === '' ? {} : { password }),
      ...(database === '' ? {} : { database }),
      ...tlsOf(parameter),
    },
    settings: parseServerOptions(parameter('options') ?? ''),
  };
}

function parseUrl(databaseUrl: string): URL {
  try {
    return new URL(databaseUrl);
  } catch {
    throw new OperatorError('DATABASE_URL is not a postgres:// address.');
  }
}

/** What of the address says how the connection is protected. */
function tlsOf(parameter: (name: string) => string | undefined): Pick<pg.PoolConfig, 'ssl' | 'Client'> {
  const rootFile = parameter('sslrootcert');
  const files = { ca: rootFile, cert: parameter('sslcert'), key: parameter('sslkey') };
  const mode = sslModeOf(parameter('sslmode'), Object.values(files).some(Boolean) || parameter('ssl') === 'true');
  if (mode === null) return {};
  if (mode === 'disable') return { ssl: false };
  const given: ConnectionOptions = {
    ...(files.cert === undefined ? {} : { cert: readPem('sslcert', files.cert) }),
    ...(files.key === undefined ? {} : { key: readPem('sslkey', files.key) }),
    ...(rootFile === undefined ? {} : { ca: rootsOf(rootFile) }),
  };
  switch (mode) {
    case 'allow':
    case 'prefer':
      return { ssl: { ...given, rejectUnauthorized: false }, Client: OpportunisticTlsClient };
    case 'no-verify':
      return { ssl: { ...given, rejectUnauthorized: false } };
    case 'require':
      // As libpq has it: with a root of one's own it is verified that the server's certificate comes from there.
      if (rootFile === undefined) return { ssl: { ...given, rejectUnauthorized: false } };
      return { ssl: rootFile === 'system' ? given : { ...given, checkServerIdentity: () => undefined } };
    case 'verify-ca':
      if (rootFile === undefined)
        throw new OperatorError('DATABASE_URL: sslmode=verify-ca needs sslrootcert, the file of the authority.');
      return { ssl: { ...given, checkServerIdentity: () => undefined } };
    case 'verify-full':
      return { ssl: given };
  }
}

function sslModeOf(mode: string | undefined, isWanted: boolean): SslMode | null {
  if (mode === undefined) return isWanted ? 'verify-full' : null;
  const known = sslModes.find((name) => name === mode);
  if (known === undefined) throw new OperatorError(`DATABASE_URL: sslmode is one of ${sslModes.join(', ')}.`);
  return known;
}

function rootsOf(rootFile: string): string | string[] {
  return rootFile === 'system' ? getCACertificates('system') : readPem('sslrootcert', rootFile);
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new OperatorError(`DATABASE_URL: the file of ${name}, ${path}, cannot be read${code}.`, { cause });
  }
}
