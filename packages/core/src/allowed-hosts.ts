import { createSingleFlight } from '@vibetribe/resilience/single-flight';
import { z } from 'zod';

const sandboxHostsKeptMs = 5_000;
const sandboxHostsTimeoutMs = 2_000;
const SandboxHosts = z.record(z.string(), z.url());

/**
 * Which hosts the address guard lets through: the operator's list, and under a sandbox its own origin and those of its servers.
 * The sandbox's servers are asked for when first needed and kept for 5 s; while it does not answer, the last known ones count.
 */
export function createAllowedHosts({
  ssrfAllow,
  sandboxUrl,
  monotonicMs,
  onError,
}: {
  readonly ssrfAllow: readonly string[];
  readonly sandboxUrl: string | null;
  readonly monotonicMs: () => number;
  readonly onError: (error: unknown) => void;
}): (host: string, port: number) => Promise<boolean> {
  const fixed = new Set(ssrfAllow.map((entry) => entry.replaceAll(/[[\]]/g, '').toLowerCase()));
  if (sandboxUrl !== null) fixed.add(hostPortOf(sandboxUrl));
  const loads = createSingleFlight<'hosts', ReadonlySet<string>>();
  let known: { hosts: ReadonlySet<string>; untilMs: number } | null = null;

  const sandboxHosts = async (url: string) => {
    if (known !== null && monotonicMs() < known.untilMs) return known.hosts;
    try {
      const hosts = await loads.run('hosts', () => askSandbox(url));
      known = { hosts, untilMs: monotonicMs() + sandboxHostsKeptMs };
      return hosts;
    } catch (error) {
      onError(error);
      return known?.hosts ?? new Set<string>();
    }
  };

  return async (host, port) => {
    const wanted = `${host.toLowerCase()}:${port}`;
    if (fixed.has(wanted)) return true;
    return sandboxUrl !== null && (await sandboxHosts(sandboxUrl)).has(wanted);
  };
}

async function askSandbox(sandboxUrl: string): Promise<ReadonlySet<string>> {
  const answer = await fetch(`${sandboxUrl}/_sandbox/hosts`, { signal: AbortSignal.timeout(sandboxHostsTimeoutMs) });
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} when asked for its hosts`);
  const hosts = Object.values(SandboxHosts.parse(await answer.json()));
  // Its mail server is none that anything is sent to but mail.
  return new Set(hosts.filter((url) => url.startsWith('http')).map(hostPortOf));
}

/** `host:port` in lower case, IPv6 without brackets, as the guard asks for it. */
function hostPortOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replaceAll(/[[\]]/g, '').toLowerCase();
  return `${host}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}
