import { OperatorError } from '@vibetribe/observability/operator-error';
import type { Redis } from 'ioredis';

/** Redis itself answered that this login may not do something, or that it lets nobody in like this. */
const refusalPattern = /^(NOPERM|NOAUTH|WRONGPASS|ERR.*(?:AUTH|ACL))|no permissions|can't run this command/;

/** One of each kind that BullMQ, the limits and the bus use, with keys as they have them. */
function commandsOf(prefix: string): string[][] {
  const key = `${prefix}:permissions`;
  return [
    ['info'],
    ['client', 'setname', 'probe'],
    ['evalsha', 'none', '1', key],
    ['subscribe', `${prefix}:bus:events`],
    ['publish', `${prefix}:bus:events`, ''],
    ['bzpopmin', key, '1'],
    ['get', key],
    ['set', key, '1'],
    ['incr', key],
    ['del', key],
    ['exists', key],
    ['pexpire', key, '1'],
    ['hset', key, 'field', '1'],
    ['hgetall', key],
    ['zadd', key, '1', 'member'],
    ['zrange', key, '0', '1'],
    ['lpush', key, 'value'],
    ['lrange', key, '0', '1'],
    ['rpoplpush', key, `${key}:other`],
    ['sadd', key, 'value'],
    ['smembers', key],
    ['xadd', key, '*', 'field', '1'],
    ['xtrim', key, 'maxlen', '1'],
    ['time'],
  ];
}

/** Asks the server itself, and carries nothing out. Redis before 7 cannot be asked: there the script's own run is the proof. */
const script = `
  local refused = {}
  for _, text in ipairs(ARGV) do
    local command = cjson.decode(text)
    if redis.acl_check_cmd and not redis.acl_check_cmd(unpack(command)) then table.insert(refused, command[1]) end
  end
  redis.call('set', KEYS[1], '1', 'px', 1000)
  return refused`;

/**
 * Makes sure that this Redis can carry the queue: one server, and a login that may do what the queue does.
 * @throws OperatorError with the cause; whatever else Redis or the way to it says
 */
export async function requireRedis(redis: Redis, prefix: string): Promise<void> {
  const info = await asked(() => redis.info('server'));
  if (/^redis_mode:cluster/m.test(info)) {
    throw new OperatorError(
      'REDIS_URL leads to a Redis Cluster, which the queue cannot use: its keys would lie on several servers. Use a single Redis or ' +
        'Valkey (with a replica or Sentinel behind one address, if it has to stay up), or none: the queue then lives in PostgreSQL.',
    );
  }
  const commands = commandsOf(prefix).map((command) => JSON.stringify(command));
  const refused = await asked(() => redis.eval(script, 1, `${prefix}:permissions`, ...commands));
  if (Array.isArray(refused) && refused.length > 0) throw refusal(`may not run ${refused.join(', ')}`);
}

/** What an operator should know of a Redis that carries the queue, and may lose it: null where there is nothing. */
export async function redisRisk(redis: Pick<Redis, 'info'>): Promise<string | null> {
  const [, policy = ''] = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory')) ?? [];
  return policy.startsWith('allkeys-')
    ? `Redis removes keys when its memory is full (maxmemory-policy ${policy}), jobs among them. Set maxmemory-policy to noeviction.`
    : null;
}

/** What an error of Redis says about this login, as one for the operator; null for any other error. */
export function redisRefusal(error: unknown): OperatorError | null {
  if (!(error instanceof Error && error.name === 'ReplyError') || !refusalPattern.test(error.message)) return null;
  return refusal(`was refused: ${error.message.replace(/\.$/, '')}`);
}

function refusal(what: string): OperatorError {
  return new OperatorError(
    `The login of REDIS_URL ${what}. The queue needs: ACL SETUSER <name> on ><password> ~vibetribe:* &vibetribe:* +@all -@dangerous +info +client|setname`,
  );
}

async function asked<Value>(ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    throw redisRefusal(error) ?? error;
  }
}
