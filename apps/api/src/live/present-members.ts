import type { Member } from './presence-message.ts';

/** Who is there, by organization: the sockets of this replica (null) and of the others. */
export interface PresentMembers {
  add(member: Member, replicaId: string | null): boolean;
  remove(connectionId: string, organizationId: string): boolean;
  inOrganization(organizationId: string): Iterable<Member>;
  count(organizationId: string): number;
  ofReplica(replicaId: string | null): Member[];
}

export function createPresentMembers(): PresentMembers {
  const organizations = new Map<string, Map<string, { member: Member; replicaId: string | null }>>();
  const present = (organizationId: string) => organizations.get(organizationId);

  return {
    add(member, replicaId) {
      const members = present(member.organizationId) ?? new Map();
      if (members.has(member.connectionId)) return false;
      organizations.set(member.organizationId, members.set(member.connectionId, { member, replicaId }));
      return true;
    },
    remove(connectionId, organizationId) {
      const members = present(organizationId);
      const isRemoved = members?.delete(connectionId) ?? false;
      if (members?.size === 0) organizations.delete(organizationId);
      return isRemoved;
    },
    *inOrganization(organizationId) {
      for (const { member } of present(organizationId)?.values() ?? []) yield member;
    },
    count: (organizationId) => present(organizationId)?.size ?? 0,
    ofReplica: (replicaId) =>
      [...organizations.values()].flatMap((members) =>
        [...members.values()].flatMap((entry) => (entry.replicaId === replicaId ? [entry.member] : [])),
      ),
  };
}
