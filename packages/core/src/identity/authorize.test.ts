import type { ApiKeyScope } from '@vibetribe/contracts/auth';
import { Role } from '@vibetribe/contracts/role';
import { describe, expect, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { requireRight, type Right } from './authorize.ts';

const actor = (role: Role, scopes: readonly ApiKeyScope[] | null = null, serviceAdmin = false): Actor => ({
  organizationId: 'org_1',
  userId: 'usr_1',
  role,
  scopes,
  accountIds: null,
  serviceAdmin,
  principal: 'user:usr_1',
});

const may = (who: Actor, right: Right) => {
  try {
    requireRight(who, right);
    return true;
  } catch {
    return false;
  }
};

describe('roles', () => {
  test.each<[Right, Role]>([
    ['self:use', 'viewer'],
    ['posts:read', 'viewer'],
    ['posts:write', 'editor'],
    ['media:write', 'editor'],
    ['accounts:manage', 'admin'],
    ['keys:manage', 'admin'],
    ['members:manage', 'admin'],
    ['webhooks:manage', 'admin'],
    ['audit:read', 'admin'],
  ])('%s needs %s, and every higher role has it too', (right, least) => {
    for (const role of Role.options)
      expect(may(actor(role), right)).toBe(Role.options.indexOf(role) >= Role.options.indexOf(least));
  });

  test('no role of an organization opens the service: that takes a service admin', () => {
    expect(may(actor('owner'), 'service:manage')).toBe(false);
    expect(may(actor('owner', ['admin', 'ops']), 'service:observe')).toBe(false);
    expect(may(actor('owner', null, true), 'service:manage')).toBe(true);
  });
});

describe('scopes', () => {
  test.each<[ApiKeyScope, Right[], Right[]]>([
    ['read', ['posts:read', 'accounts:read'], ['posts:write', 'keys:manage', 'service:observe']],
    ['write', ['posts:read', 'posts:write'], ['keys:manage', 'service:manage', 'service:observe']],
    ['admin', ['posts:read', 'posts:write', 'keys:manage', 'service:manage'], ['service:observe']],
    ['ops', ['service:observe', 'self:use'], ['posts:read', 'posts:write', 'service:manage']],
  ])('%s limits a key of the highest role to its own', (scope, allowed, refused) => {
    const key = actor('owner', [scope], true);
    expect(allowed.filter((right) => !may(key, right))).toEqual([]);
    expect(refused.filter((right) => may(key, right))).toEqual([]);
  });

  test('a scope lifts nobody above the role', () => {
    expect(may(actor('viewer', ['read', 'write', 'admin']), 'posts:write')).toBe(false);
  });
});

test('what reaches every account is closed to a key that is limited to some', () => {
  const limited = { ...actor('owner', ['admin', 'ops'], true), accountIds: ['acc_1'] };
  const rights: Right[] = ['members:manage', 'organization:manage', 'webhooks:manage', 'audit:read', 'service:manage'];
  expect(rights.filter((right) => may(limited, right))).toEqual([]);
  expect(rights.filter((right) => !may({ ...limited, accountIds: null }, right))).toEqual([]);
  expect(may(limited, 'posts:write')).toBe(true);
});
