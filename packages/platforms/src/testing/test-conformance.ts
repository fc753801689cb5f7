import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { accessOf } from '../connect/account-access.ts';
import { platformEndpoints } from '../endpoints.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AdapterAccount } from '../port/account.ts';
import type { Credentials } from '../port/connect.ts';
import type { PublishContent } from '../port/content.ts';
import type { PublishFate } from '../port/publish.ts';
import { adapters } from '../registry.ts';
import { credentialsFor, opened } from './test-connect.ts';
import { fittingPicture, startMediaServer, testVideo } from './test-media.ts';
import { openTestClient, startPublication, type TestClient } from './test-platform.ts';
import { reachSend } from './test-publish.ts';
import { MadeAccount, startTestSandbox } from './test-sandbox.ts';

export type ConformanceStage = Awaited<ReturnType<typeof openConformanceStage>>;
export type Publication = ReturnType<typeof startPublication>;

export interface Access {
  readonly account: AdapterAccount;
  readonly credentials: Credentials;
}

export interface Connected extends Access {
  readonly made: MadeAccount;
}

/** The sandbox, a server for media, and for each platform what every test of the suite does. */
export async function openConformanceStage() {
  await using opening = new AsyncDisposableStack();
  const sandbox = opening.use(await startTestSandbox(process.execPath));
  const media = opening.use(await startMediaServer());
  const clients = new Map<PlatformId, TestClient>();
  opening.defer(async () => {
    for (const client of clients.values()) await client[Symbol.asyncDispose]();
  });

  function clientOf(platform: PlatformId): TestClient {
    const client = clients.get(platform) ?? openTestClient(platform);
    clients.set(platform, client);
    return client;
  }

  function on(platform: PlatformId) {
    const adapter = adapters[platform];
    const client = clientOf(platform);
    const endpoints = platformEndpoints(platform, { sandboxUrl: sandbox.url, env: {} });

    /** What a post must show on this platform. */
    function needed() {
      const { required, image, videosMin = 0 } = adapter.rules.media;
      if (!required) return [];
      return [
        media.serve(image === null || videosMin > 0 ? testVideo(2_000_000) : fittingPicture(adapter.rules.media)),
      ];
    }

    return {
      client,
      endpoints,
      http: () => client.http(),

      /** A fresh account, connected with the credentials that the sandbox handed out. */
      async connectByHand(): Promise<Connected> {
        return this.connectAs(await sandbox.makeAccount(platform));
      },

      async connectAs(account: unknown): Promise<Connected> {
        const made = MadeAccount.parse(account);
        const grant = await adapter.manual?.connect({
          endpoints,
          http: client.http(),
          credentials: credentialsFor(sandbox, platform, made),
          now: new Date(),
        });
        if (grant === undefined) throw new Error('the platform cannot be connected by hand');
        return { made, ...opened(grant) };
      },

      publicationOf: (
        { account, credentials }: Access,
        text: string,
        timeoutMs = 10_000,
        more: Partial<Pick<PublishContent, 'options' | 'media'>> = {},
      ) =>
        startPublication({
          adapter,
          endpoints,
          client,
          account,
          ...accessOf(credentials, account),
          content: { text, options: {}, media: needed(), ...more },
          timeoutMs,
        }),

      visible: ({ account }: Connected) => sandbox.posts(platform, account.externalId),

      /** Everything before the send is done; the send itself is broken. */
      async breakSend({ account }: Connected, publication: Publication, kind: string, more: object = {}) {
        await reachSend(sandbox, publication);
        // Whichever of them the send is.
        for (const method of ['POST', 'PUT']) {
          const fault = { platform, account: account.externalId, method, times: 1, kind, ...more };
          await sandbox.control('POST', '/_sandbox/faults', fault);
        }
      },
    };
  }

  const stage = opening.move();
  return { sandbox, media, on, [Symbol.asyncDispose]: () => stage.disposeAsync() };
}

export function publishedPart(fate: PublishFate) {
  if (fate.kind !== 'published') throw new Error('not published');
  return fate;
}

export function idOf(fate: PublishFate): string {
  return publishedPart(fate).platformPostId;
}

export async function failureOf(call: Promise<unknown> | undefined): Promise<PlatformError> {
  const failure = await (call ?? Promise.resolve()).catch((error: unknown) => error);
  if (!(failure instanceof PlatformError)) throw new Error('not a PlatformError', { cause: failure });
  return failure;
}
