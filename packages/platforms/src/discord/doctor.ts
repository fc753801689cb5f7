import type { DoctorDescription } from '../port/doctor.ts';

/** Nothing can be asked without a bot's token, and each account brings its own. */
export const discordDoctor: DoctorDescription = {
  consoleUrl: 'https://discord.com/developers/applications',
  scopes: [],
  check: async () => [
    {
      name: 'bot',
      status: 'ok',
      detail:
        'Accounts connect with a bot’s token and a channel, or with the address of a webhook (`webhookUrl`). In that channel the bot needs View Channel, Send Messages, Attach Files and Read Message History; the last one finds a message whose outcome is unknown, and counts its reactions',
    },
  ],
};
