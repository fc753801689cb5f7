/** The three roles that transactions run in. They belong to the whole server, so each installation on it has a prefix of its own. */
export interface RoleNames {
  readonly tenant: string;
  readonly worker: string;
  readonly identity: string;
}

export const defaultRolePrefix = 'vibetribe';

/** A prefix that needs no quotes, short enough for the longest role's name. */
export const rolePrefixPattern = /^[a-z][a-z0-9_]{0,49}$/;

export function roleNames(prefix: string = defaultRolePrefix): RoleNames {
  if (!rolePrefixPattern.test(prefix)) throw new RangeError('a role prefix has small letters, digits and _ only');
  return { tenant: `${prefix}_tenant`, worker: `${prefix}_worker`, identity: `${prefix}_identity` };
}
