import type { Clock } from '@vibetribe/resilience/clock';
import type { LiveConnection } from './live-connection.ts';
import { createMessageBudget, organizationAllowance, type MessageBudget } from './message-budget.ts';

/** This process's sockets, by organization. */
export interface OrganizationSockets {
  of(organizationId: string): ReadonlySet<LiveConnection>;
  all(): LiveConnection[];
  find(connectionId: string): LiveConnection | undefined;
  /** Answers the budget that the connection shares with the others of its organization. */
  add(connection: LiveConnection): MessageBudget;
  remove(connection: LiveConnection): void;
}

const nobody: ReadonlySet<LiveConnection> = new Set();

export function createOrganizationSockets(clock: Pick<Clock, 'monotonicMs'>): OrganizationSockets {
  const organizations = new Map<string, { connections: Set<LiveConnection>; budget: MessageBudget }>();
  const byId = new Map<string, LiveConnection>();

  return {
    of: (organizationId) => organizations.get(organizationId)?.connections ?? nobody,
    all: () => [...byId.values()],
    find: (connectionId) => byId.get(connectionId),
    add(connection) {
      const { organizationId } = connection.actor();
      const organization = organizations.get(organizationId) ?? {
        connections: new Set(),
        budget: createMessageBudget(clock, organizationAllowance),
      };
      organization.connections.add(connection);
      organizations.set(organizationId, organization);
      byId.set(connection.id, connection);
      return organization.budget;
    },
    remove(connection) {
      const { organizationId } = connection.actor();
      const connections = organizations.get(organizationId)?.connections;
      connections?.delete(connection);
      if (connections?.size === 0) organizations.delete(organizationId);
      byId.delete(connection.id);
    },
  };
}
