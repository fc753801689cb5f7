import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { credentialsFor } from '@vibetribe/platforms/testing/test-connect';
import { furtherPlatforms } from './product-environment.ts';
import type { SandboxControl } from './sandbox-control.ts';
import type { Site } from './stand-in/serve-site.ts';

/** A place where accounts live: a platform of the sandbox, or a site of the stand-in. */
export interface PlatformHost {
  /** Fits into a handle. */
  readonly name: string;
  readonly platform: PlatformId;
  /** What to connect the account with, made if needed; the grant is a new one each time. */
  credentials(handle: string): Promise<Record<string, string>>;
  /** The site, where the host is one of the stand-in's. */
  readonly site: Site | null;
}

interface PlatformAddresses {
  readonly mastodonInstance: string;
  readonly blueskyService: string;
}

export function sandboxHosts(sandbox: SandboxControl, addresses: PlatformAddresses): PlatformHost[] {
  const { blueskyService: service, mastodonInstance: instance } = addresses;
  return [
    {
      name: 'bluesky',
      platform: 'bluesky',
      site: null,
      async credentials(wanted) {
        const { account, appPassword = '' } = await sandbox.account('bluesky', wanted);
        return { service, handle: account.handle, appPassword };
      },
    },
    {
      name: 'mastodon',
      platform: 'mastodon',
      site: null,
      credentials: async (wanted) => ({
        instance,
        accessToken: (await sandbox.account('mastodon', wanted)).accessToken,
      }),
    },
    {
      name: 'x',
      platform: 'x',
      site: null,
      async credentials(wanted) {
        const { accessToken, refreshToken, expiresIn } = await sandbox.account('x', wanted);
        return {
          accessToken,
          ...(refreshToken === undefined ? {} : { refreshToken }),
          ...(expiresIn === undefined ? {} : { expiresAt: new Date(Date.now() + expiresIn * 1000).toISOString() }),
        };
      },
    },
  ];
}

/** The platforms of the sandbox that have no failpoints of their own, connected by whatever their forms ask for. */
export function furtherHosts(sandbox: SandboxControl): PlatformHost[] {
  return furtherPlatforms.map((platform) => ({
    name: platform,
    platform,
    site: null,
    credentials: async (wanted) =>
      credentialsFor({ hosts: {} }, platform, { ...(await sandbox.account(platform, wanted)) }),
  }));
}

/** @param origin where the product finds the site */
export function standInHost(name: string, site: Site, origin: string): PlatformHost {
  const { memory, platform } = site.api;
  const tokenOf = (handle: string) => memory.newToken(memory.account(handle));
  return platform === 'x'
    ? { name, platform, site, credentials: async (handle) => ({ accessToken: tokenOf(handle) }) }
    : {
        name,
        platform: 'mastodon',
        site,
        credentials: async (handle) => ({ instance: origin, accessToken: tokenOf(handle) }),
      };
}
