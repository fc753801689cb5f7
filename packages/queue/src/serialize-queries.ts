/** What is used of a PostgreSQL client here. */
interface Asked {
  query(text: string, params?: unknown[]): Promise<unknown>;
}

/**
 * Lets the statements of a client that several parts of the program share run one after the other: pg's own queue of them is deprecated
 * and goes with pg 9. A statement that fails holds up nobody.
 */
export function serializeQueries(client: Asked): void {
  const ask = client.query.bind(client);
  let last: Promise<unknown> = Promise.resolve();
  client.query = (text, params) => {
    const answer = last.catch(() => undefined).then(() => ask(text, params));
    last = answer;
    return answer;
  };
}
