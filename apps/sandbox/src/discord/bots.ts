import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { randomSecret } from '../state/random-secret.ts';

/** The user that writes into a channel. Each channel of the sandbox has a bot of its own, so that faults can strike one of them. */
export type Bot = z.infer<typeof Bot>;

export type Bots = {
  /** The channel's bot, made if there is none. */
  of(channel: Account): Bot;
  /** A token of the channel's bot; it never expires by itself. */
  issueToken(channel: Account): string;
  /** Of the channel's webhook, whose id is the channel's here. */
  issueWebhookToken(channel: Account): string;
};

export function createBots({ site, sandbox }: SiteContext, newId: () => string): Bots {
  const { store, grants, clock } = sandbox;
  const table = store.table('discord.bots', Bot);

  function of(channel: Account): Bot {
    const known = table.get(channel.id);
    if (known !== undefined) return known;
    const bot = { id: newId(), channel: channel.id, username: `${channel.handle}-bot` };
    store.commit([table.put(channel.id, bot)]);
    return bot;
  }

  function issue(channel: Account, kind: 'bot' | 'webhook', value: string): string {
    const { grant, change } = grants.open(site, channel.id, kind, kind);
    const token = { value, grant: grant.id, use: 'access' as const, expiresAtMs: null, successor: null };
    store.commit([change, grants.put({ ...token, issuedAtMs: clock.nowMs() })]);
    return value;
  }

  return {
    of,
    issueToken(channel) {
      const id = Buffer.from(of(channel).id).toString('base64url');
      return issue(channel, 'bot', [id, randomSecret(4), randomSecret(27)].join('.'));
    },
    issueWebhookToken: (channel) => issue(channel, 'webhook', randomSecret(51)),
  };
}

const Bot = z.object({ id: z.string(), channel: z.string(), username: z.string() });
