import type { NodePgDatabase } from 'drizzle-orm/node-postgres';

/** Statements within a transaction that its opener commits. It has no `transaction` of its own: there are no nested ones. */
export type Transaction = Omit<NodePgDatabase, 'transaction'>;
