export interface ServerSettings {
  port: number;
  maxConnections: number;
  durable: boolean;
  extraOptions: Readonly<Record<string, string>>;
}

/** Arguments for `postgres`; given on the command line so that nothing in the data directory can contradict them. */
export function serverArguments(clusterPath: string, settings: ServerSettings): string[] {
  const options: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    // The default socket directory is shared with every other user of the machine.
    unix_socket_directories: '',
    port: String(settings.port),
    max_connections: String(settings.maxConnections),
    shared_buffers: '128MB',
    password_encryption: 'scram-sha-256',
    // A job table changes faster than the default minute between looks; stale statistics make its queries crawl.
    autovacuum_naptime: '5s',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    log_checkpoints: 'off',
    ...(settings.durable
      ? { fsync: 'on', synchronous_commit: 'on' }
      : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...settings.extraOptions,
  };
  return ['-D', clusterPath, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
