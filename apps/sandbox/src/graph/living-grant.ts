import type { Grant, TokenLookup } from '../state/grants.ts';
import { refuse, tokenFaults } from './answers.ts';

/** The grant of a token that lives. @throws {RefusalError} 190 and its kind */
export function livingGrant(tokens: { look(value: string): TokenLookup }, value: string | undefined): Grant {
  if (value === undefined) throw refuse(tokenFaults.missing);
  const found = tokens.look(value);
  if (found.state === 'unknown') throw refuse(tokenFaults.malformed);
  if (found.state !== 'valid') throw refuse(tokenFaults[found.state]);
  return found.grant;
}
