import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { postRoom, presenceRoom } from './rooms.ts';
import { createCluster, type Cluster, expectTruth } from './test-presence.ts';

describe('who is there', () => {
  test('is told to a newcomer, on every replica, and their coming and going to the others', () => {
    const cluster = createCluster();
    const [one, two] = [cluster.start('one'), cluster.start('two')];
    cluster.join(one, 'a');
    cluster.join(two, 'b');
    cluster.pass(1);
    cluster.join(one, 'c');
    cluster.pass(1);
    expectTruth(cluster);
    cluster.leave(two, 'b');
    cluster.pass(1);
    expectTruth(cluster);
  });

  test('a replica that starts later knows those who were there before', () => {
    const cluster = createCluster();
    cluster.join(cluster.start('one'), 'a');
    cluster.pass(1);
    const late = cluster.start('late');
    cluster.pass(1);
    cluster.join(late, 'b');
    cluster.pass(1);
    expectTruth(cluster);
  });

  test('the ghosts of a replica that was killed go within half a minute, those of one that stopped at once', () => {
    const cluster = createCluster();
    const [one, two, three] = [cluster.start('one'), cluster.start('two'), cluster.start('three')];
    cluster.join(one, 'a');
    cluster.join(two, 'b');
    cluster.join(three, 'c');
    cluster.pass(15);
    three.bye();
    cluster.crash(three);
    expectTruth(cluster);
    cluster.crash(two);
    expect([...(one.beliefs.get('a')?.present ?? [])]).toEqual(['b']);
    cluster.pass(30);
    expectTruth(cluster);
  });

  test('comes right again whatever the bus lost, however sockets and replicas came and went', () => {
    const act = fc.oneof(
      { weight: 5, arbitrary: fc.record({ what: fc.constantFrom('join' as const, 'leave' as const), at: fc.nat(99) }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('lose' as const, 'keep' as const), at: fc.nat(99) }) },
      {
        weight: 1,
        arbitrary: fc.record({ what: fc.constantFrom('crash' as const, 'start' as const), at: fc.nat(99) }),
      },
      { weight: 3, arbitrary: fc.record({ what: fc.constant('pass' as const), at: fc.nat(12) }) },
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const cluster = createCluster();
        cluster.start('first');
        let count = 0;
        for (const { what, at } of acts) {
          const replicas = [...cluster.replicas];
          const replica = replicas[at % replicas.length];
          const sockets = [...(replica?.beliefs.keys() ?? [])];
          const socket = sockets[at % sockets.length];
          if (what === 'lose' || what === 'keep') cluster.lose(what === 'lose');
          else if (what === 'pass') cluster.pass(at);
          else if (what === 'start' && replicas.length < 4) cluster.start(`replica ${(count += 1)}`);
          else if (what === 'crash' && replica !== undefined && replicas.length > 1) cluster.crash(replica);
          else if (what === 'join' && replica !== undefined) cluster.join(replica, `socket ${(count += 1)}`);
          else if (what === 'leave' && replica !== undefined && socket !== undefined) cluster.leave(replica, socket);
        }
        cluster.lose(false);
        cluster.pass(60);
        expectTruth(cluster);
      }),
      { numRuns: 500 },
    );
  });

  test('a key’s socket hears of others and is nobody itself', () => {
    const cluster = createCluster();
    const one = cluster.start('one');
    cluster.join(one, 'key', null);
    cluster.join(one, 'a');
    expect([...(one.beliefs.get('key')?.present ?? [])]).toEqual(['a']);
    expect([...(one.beliefs.get('a')?.present ?? [])]).toEqual([]);
  });

  test('a room may be too large: 4,000 sockets cost what the circle costs, and a free place goes to the next', () => {
    const cluster = createCluster({ circleMax: 50 });
    const [one, two] = [cluster.start('one'), cluster.start('two')];
    for (let socket = 0; socket < 2_000; socket += 1) {
      cluster.join(one, `one ${socket}`);
      cluster.join(two, `two ${socket}`);
      cluster.pass(socket % 20 === 0 ? 1 : 0);
    }
    cluster.pass(2);
    const told = one.frames + two.frames;
    // While they do not know of each other yet, each replica may have a circle of its own.
    expect(told).toBeGreaterThan(50 * 49 - 1);
    expect(told).toBeLessThan(2 * 100 * 100);
    const inCircle = () => [...one.beliefs].filter(([, { rooms }]) => rooms.has(presenceRoom)).map(([id]) => id);
    const before = inCircle();
    const [first] = before;
    cluster.leave(one, first ?? '');
    expect(inCircle()).toHaveLength(before.length);
    for (const replica of cluster.replicas)
      for (const connectionId of replica.beliefs.keys()) cluster.leave(replica, connectionId);
    cluster.pass(1);
    expect([one.registry.list(), two.registry.list()]).toEqual([[], []]);
  });
});

describe('who types', () => {
  const typing = { room: postRoom('p'), isTyping: true };
  const stopped = { ...typing, isTyping: false };
  const typistsFor = (cluster: Cluster) =>
    [...cluster.replicas].flatMap(({ beliefs }) => [...beliefs].map(([id, belief]) => [id, [...belief.typing]]));

  function startTwo() {
    const cluster = createCluster();
    const [one, two] = [cluster.start('one'), cluster.start('two')];
    cluster.join(one, 'a');
    cluster.join(two, 'b');
    cluster.pass(1);
    one.registry.type('a', typing);
    cluster.pass(1);
    expect(typistsFor(cluster)).toEqual([
      ['a', []],
      ['b', ['a']],
    ]);
    return { cluster, one, two };
  }

  const nobody = [
    ['a', []],
    ['b', []],
  ];

  test('is told until they stop', () => {
    const { cluster, one } = startTwo();
    one.registry.type('a', stopped);
    cluster.pass(1);
    expect(typistsFor(cluster)).toEqual(nobody);
  });

  test('ends by itself after ten seconds without a word', () => {
    const { cluster } = startTwo();
    cluster.pass(11);
    expect(typistsFor(cluster)).toEqual(nobody);
  });

  test('goes on while they go on, and is told every few seconds only', () => {
    const { cluster, one, two } = startTwo();
    const before = two.frames;
    for (let tick = 0; tick < 20; tick += 1) {
      one.registry.type('a', typing);
      cluster.pass(1);
    }
    expect(typistsFor(cluster)[1]).toEqual(['b', ['a']]);
    expect(two.frames - before).toBeLessThan(9);
  });

  test('ends with their connection, and with a replica that was killed', () => {
    const { cluster, one } = startTwo();
    cluster.leave(one, 'a');
    cluster.pass(1);
    expect(typistsFor(cluster)).toEqual([['b', []]]);
    cluster.join(one, 'c');
    one.registry.type('c', typing);
    cluster.pass(1);
    expect(typistsFor(cluster)).toContainEqual(['b', ['c']]);
    cluster.crash(one);
    cluster.pass(30);
    expect(typistsFor(cluster)).toEqual([['b', []]]);
  });

  test('a stop without a start, and a key’s typing, are told to nobody', () => {
    const { cluster, one } = startTwo();
    one.registry.type('a', stopped);
    cluster.pass(1);
    cluster.join(one, 'key', null);
    one.registry.type('key', typing);
    one.registry.type('a', stopped);
    one.registry.type('unknown', typing);
    cluster.pass(1);
    expect(typistsFor(cluster).flatMap(([, who]) => who)).toEqual([]);
  });
});
