import type { DoctorCheck } from '@vibetribe/contracts/platform';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { isLoopbackUrl } from '@vibetribe/platforms/http/loopback-url';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { type PlatformResponse, TransportError } from '@vibetribe/platforms/port/platform-http';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { CoreDependencies } from '../core-dependencies.ts';
import { clientAddress, type ConnectSettings } from '../accounts/connect/connect-settings.ts';

type CheckDependencies = Pick<CoreDependencies, 'platformHttp'> & Pick<ConnectSettings, 'publicUrl'>;

const timeoutMs = 10_000;

/** Checks from here that servers can read what this installation says of itself; nothing where they do not ask. */
export async function checkClientAddress(
  deps: CheckDependencies,
  { id, oauth }: PlatformAdapter,
): Promise<DoctorCheck[]> {
  if (oauth?.describedClient === undefined) return [];
  const name = 'client_address';
  const address = clientAddress(deps, id);
  const { protocol } = new URL(address);
  const action = 'Set PUBLIC_URL to the https address under which everybody reaches the API';
  if (protocol !== 'https:' && isLoopbackUrl(address)) {
    const detail = 'Servers know this installation as one under development: their sessions end after two weeks';
    return [{ name, status: 'warning', detail, action }];
  }
  if (protocol !== 'https:')
    return [{ name, status: 'failed', detail: `No server reads about this installation at ${address}`, action }];
  const answer = await readSilently(deps, id, address);
  if (isDescription(answer?.json, address))
    return [{ name, status: 'ok', detail: `Servers read about this installation at ${address}` }];
  const seen = answer === null ? 'nobody answers' : `the answer (${answer.status}) is another one than ours`;
  return [
    { name, status: answer === null ? 'warning' : 'failed', detail: `At ${address}, asked from here, ${seen}`, action },
  ];
}

function isDescription(json: unknown, address: string): boolean {
  return typeof json === 'object' && json !== null && 'client_id' in json && json.client_id === address;
}

async function readSilently(deps: CheckDependencies, id: PlatformId, url: string): Promise<PlatformResponse | null> {
  try {
    return await deps.platformHttp(id, { timeoutMs }).request({ method: 'GET', url });
  } catch (error) {
    if (error instanceof TransportError || error instanceof PlatformError) return null;
    throw error;
  }
}
