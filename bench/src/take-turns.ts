import type { Contender, Load, Result } from './contenders.ts';
import type { Servers } from './servers.ts';

/** Contenders take turns, so that whatever else the machine does strikes all of them. Results by the contender's name. */
export async function takeTurns(
  servers: Servers,
  contenders: readonly Contender[],
  load: Load,
  rounds: number,
): Promise<(name: string) => readonly Result[]> {
  const results = new Map<string, Result[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) results.get(contender.name)?.push(await contender.run(servers, load));
  }
  return (name) => results.get(name) ?? [];
}
