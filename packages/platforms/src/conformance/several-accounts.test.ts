import { randomBytes } from 'node:crypto';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { expect, test } from 'vitest';
import { accessOf } from '../connect/account-access.ts';
import { platformEndpoints } from '../endpoints.ts';
import { adapters } from '../registry.ts';
import { openConformanceStage } from '../testing/test-conformance.ts';
import { fittingPicture } from '../testing/test-media.ts';
import { openTestClient, startPublication } from '../testing/test-platform.ts';
import { publishThrough } from '../testing/test-publish.ts';

/** YouTube too opens several, and uploads to the one that the person has chosen: see `youtube/publish.test.ts`. */
const opening: readonly PlatformId[] = ['facebook', 'google-business', 'linkedin', 'pinterest'];

/** As the sandbox takes them: several accounts behind one consent. */
const approvalOf: Readonly<Record<string, (one: string, other: string) => string>> = {
  linkedin: (one, other) => `${one},company/${other}`,
};

test(
  'what one consent opens (pages, boards, locations, organizations) posts each for itself',
  { timeout: 120_000 },
  async () => {
    await using stage = await openConformanceStage();
    const { sandbox } = stage;
    for (const platform of opening) {
      const adapter = adapters[platform];
      if (adapter.oauth === undefined) throw new Error(`${platform} has no consent page`);
      await using client = openTestClient(platform);
      const endpoints = platformEndpoints(platform, { sandboxUrl: sandbox.url, env: {} });
      const codeVerifier = randomBytes(32).toString('base64url');
      const [one, other] = [sandbox.newHandle(), sandbox.newHandle()];
      const handle = approvalOf[platform]?.(one, other) ?? `${one},${other}`;
      const asked = { adapter, endpoints, http: client.http(), codeVerifier };
      const consent = await sandbox.consent({ ...asked, handle });
      const { accounts, credentials } = await adapter.oauth.exchange({ ...asked, ...consent, now: new Date() });
      expect([platform, new Set(accounts.map(({ externalId }) => externalId)).size]).toEqual([platform, 2]);
      for (const found of accounts) {
        const account = { ...found, service: null };
        const rules = adapter.rules.media;
        const media = rules.required ? [stage.media.serve(fittingPicture(rules))] : [];
        const content = { text: `By ${found.handle}`, options: {}, media };
        const access = accessOf(credentials, account);
        await publishThrough(sandbox, startPublication({ adapter, endpoints, client, account, ...access, content }));
        expect(await sandbox.posts(platform, account.externalId)).toMatchObject({
          commits: 1,
          items: [{ text: expect.stringContaining(`By ${found.handle}`) }],
        });
      }
    }
  },
);
