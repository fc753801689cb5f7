import { OperatorError } from '@vibetribe/observability/operator-error';
import type { Redis } from 'ioredis';

/** Redis itself answered that this login may not do something, or that it lets nobody in like this. */
const refusalPattern = /^(NOPERM|NOAUTH|WRONGPASS|ERR.*(?:AUTH|ACL))|no permissions|can't run this command/;

/** What BullMQ, the limits and the bus send, each whole enough to be asked about; `K` is a key and `C` a channel as they have them. */
export const commandsSent: readonly string[] = `
  info; client setname probe; multi; exec; time; evalsha none 1 K; subscribe C; publish C x;
  del K; exists K; expire K 1; persist K; pexpire K 1; pexpireat K 1; pttl K; rename K K; type K; unlink K;
  get K; incr K; incrby K 1; set K 1;
  hdel K f; hexists K f; hget K f; hgetall K; hincrby K f 1; hlen K; hmget K f; hmset K f 1; hset K f 1;
  lindex K 0; llen K; lpop K; lpos K v; lpush K v; lrange K 0 1; lrem K 1 v; lset K 0 v; ltrim K 0 1;
  rpop K; rpoplpush K K; rpush K v; sadd K m; scard K; sismember K m; smembers K; srem K m;
  bzpopmin K 1; zadd K 1 m; zcard K; zcount K 0 1; zlexcount K - +; zpopmin K; zrange K 0 1; zrangebylex K - +;
  zrangebyscore K 0 1; zrem K m; zremrangebyrank K 0 1; zremrangebyscore K 0 1; zrevrange K 0 1; zrevrangebyscore K 1 0;
  zscore K m; xadd K * f 1; xdel K 0-1; xlen K; xrange K - +; xread streams K 0; xtrim K maxlen 1`
  .trim()
  .split(/;\s+/);

function commandsOf(prefix: string): string[][] {
  const places: Readonly<Record<string, string>> = { K: `${prefix}:permissions`, C: `${prefix}:bus:events` };
  return commandsSent.map((command) => command.split(' ').map((word) => places[word] ?? word));
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
