import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { PostgresServerError } from './postgres-server-error.ts';

export interface ServerAccount {
  uid: number;
  gid: number;
}

const unprivilegedNames = ['postgres', '_postgres', 'nobody'];

/**
 * The account the server must run as, or null for the account of this process.
 * PostgreSQL refuses to run as root. A cluster that already belongs to an ordinary account keeps it.
 */
export async function chooseServerAccount(clusterPath: string): Promise<ServerAccount | null> {
  if (userInfo().uid !== 0) return null;
  const owner = await stat(clusterPath).catch(() => null);
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };

  const accounts = parsePasswd(await readFile('/etc/passwd', 'utf8'));
  const name = unprivilegedNames.find((candidate) => accounts.has(candidate));
  const account = name === undefined ? undefined : accounts.get(name);
  if (account === undefined) {
    throw new PostgresServerError(
      `PostgreSQL does not run as root, and none of the accounts ${unprivilegedNames.join(', ')} exists here; start as an ordinary user.`,
    );
  }
  return account;
}

function parsePasswd(text: string): Map<string, ServerAccount> {
  const accounts = new Map<string, ServerAccount>();
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name && uid && gid && Number(uid) !== 0) accounts.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return accounts;
}
