import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { ClientDescription, DescribedClient } from '@vibetribe/platforms/port/connect';
import type { OAuthClient } from '@vibetribe/platforms/port/endpoints';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { notFound } from '../../domain-error.ts';
import { keepClient } from './client-for-server.ts';
import { connectFault } from './connect-fault.ts';
import { callbackUrl, clientAddress, type ConnectSettings } from './connect-settings.ts';

type DescribeDependencies = Pick<CoreDependencies, 'db' | 'keyRing' | 'adapters' | 'clientsBeingMade'> &
  Pick<ConnectSettings, 'publicUrl'>;

/** The client that servers of a platform know this installation as, kept by its address: another one is another client. */
export async function describedClient(
  deps: DescribeDependencies,
  platform: PlatformId,
  described: DescribedClient,
): Promise<OAuthClient | null> {
  const place = placeOf(deps, platform);
  return keepClient(deps, { platform, server: '', redirectUri: place.redirectUri }, () => described.make(place));
}

/**
 * What authorization servers read about this installation. Public: it names addresses, scopes and public keys.
 * @throws DomainError `not_found` for a platform that asks for none; `platform_rejected` where none of its servers would take this address
 */
export async function describeClient(
  deps: DescribeDependencies,
  { platformId }: { readonly platformId: string },
): Promise<ClientDescription> {
  const platform = PlatformId.safeParse(platformId).data;
  const described = platform === undefined ? undefined : deps.adapters[platform].oauth?.describedClient;
  if (platform === undefined || described === undefined) throw notFound('platform');
  try {
    const client = await describedClient(deps, platform, described);
    if (client === null) throw notFound('platform');
    return await described.describe(client, placeOf(deps, platform));
  } catch (error) {
    throw connectFault(error, null);
  }
}

function placeOf(deps: Pick<ConnectSettings, 'publicUrl'>, platform: PlatformId) {
  return { address: clientAddress(deps, platform), redirectUri: callbackUrl(deps, platform) };
}
