import { Agent, request } from 'undici';

export type Poster = ReturnType<typeof createPoster>;

/** The same request that every contender makes for a post. */
export function createPoster(target: string) {
  const agent = new Agent({ allowH2: false, pipelining: 1 });
  return {
    async post(text: string): Promise<void> {
      const { statusCode, body } = await request(`${target}/2/tweets`, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer token' },
        body: JSON.stringify({ text }),
      });
      await body.text();
      if (statusCode !== 201) throw new Error(`the target answered ${statusCode}`);
    },
    close: () => agent.close(),
  };
}
