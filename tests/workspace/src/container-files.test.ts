import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readRepositoryFile, repositoryRoot } from './repository.ts';

const Service = z.object({
  image: z.string().optional(),
  command: z.array(z.string()).optional(),
  profiles: z.array(z.string()).optional(),
  network_mode: z.string().optional(),
  restart: z.string().optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  deploy: z.object({ replicas: z.int() }).optional(),
  stop_grace_period: z.string().optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
});
const Compose = z.object({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()).optional(),
});

const services = read('docker-compose.yml').services;
const apps = ['migrate', 'api', 'publisher', 'cron', 'sandbox'];
const lasting = ['postgres', 'redis', 'api', 'publisher', 'cron', 'sandbox'];
const dockerfile = readRepositoryFile('Dockerfile');

test('it has the stores, the apps and nothing else', () => {
  expect(Object.keys(services).sort()).toEqual(['api', 'cron', 'migrate', 'postgres', 'publisher', 'redis', 'sandbox']);
});

test.each(apps)("%s's command names a file that exists and is in the image", (app) => {
  const [program, entry = ''] = services[app]?.command ?? [];
  expect(program).toBe('node');
  expect(existsSync(join(repositoryRoot, entry))).toBe(true);
  expect(dockerfile).toContain(`--filter '@vibetribe/${app}...'`);
});

test.each(lasting)('%s has a health check', (name) => {
  expect(services[name]?.healthcheck?.test[0]).toBe('CMD');
});

test.each(['api', 'publisher', 'cron'])('%s starts once the stores answer and the database is migrated', (app) => {
  expect(services[app]?.depends_on).toEqual({
    migrate: { condition: 'service_completed_successfully' },
    postgres: { condition: 'service_healthy' },
    redis: { condition: 'service_healthy' },
  });
});

test('the migration runs once and ends', () => {
  expect(services['migrate']?.restart).toBe('no');
});

test('several publishers run by default', () => {
  expect(services['publisher']?.deploy?.replicas).toBeGreaterThan(1);
});

test('Redis keeps the queue: precise timers, on disk, nothing evicted', () => {
  const command = services['redis']?.command?.join(' ');
  expect(command).toContain('--hz 100');
  expect(command).toContain('--appendonly yes');
  expect(command).toContain('--maxmemory-policy noeviction');
});

test('PostgreSQL has room for the connections of the queues', () => {
  expect(services['postgres']?.image).toBe('postgres:18');
  expect(services['postgres']?.command).toContain('max_connections=300');
});

test('the sandbox runs only when asked for', () => {
  const profiled = Object.keys(services).filter((name) => services[name]?.profiles !== undefined);
  expect(profiled).toEqual(['sandbox']);
});

test('only the loopback address of the host reaches anything', () => {
  const ports = ['docker-compose.yml', 'deploy/docker-compose.sandbox.yml'].flatMap((path) =>
    Object.values(read(path).services).flatMap((service) => service.ports ?? []),
  );
  expect(ports.length).toBeGreaterThan(0);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

test('no secret has a default: compose refuses to start without one', () => {
  const text = readRepositoryFile('docker-compose.yml');
  for (const name of ['AUTH_SECRET', 'ENCRYPTION_KEYS', 'POSTGRES_PASSWORD']) {
    const uses = [...text.matchAll(new RegExp(`\\$\\{${name}(.{0,2})`, 'g'))].map(([, operator]) => operator);
    expect(uses.length, name).toBeGreaterThan(0);
    expect(
      uses.every((operator) => operator === ':?'),
      name,
    ).toBe(true);
  }
});

test('the apps are told of the stores beside them', () => {
  for (const app of ['api', 'publisher', 'cron']) {
    expect(services[app]?.environment?.['DATABASE_URL']).toContain('@postgres:5432/');
    expect(services[app]?.environment?.['REDIS_URL']).toContain('redis://redis:6379');
    expect(services[app]?.environment?.['PORT']).toBeGreaterThan(0);
  }
});

test('the sandbox variant changes services that exist, and gives those on one network ports of their own', () => {
  const variant = read('deploy/docker-compose.sandbox.yml').services;
  expect(Object.keys(variant).filter((name) => !(name in services))).toEqual([]);
  const sharing = Object.keys(services).filter((name) => (variant[name] ?? services[name])?.network_mode === 'host');
  const ports = sharing.flatMap((name) => services[name]?.environment?.['PORT'] ?? []);
  expect(new Set(ports).size).toBe(ports.length);
  expect(variant['publisher']?.deploy?.replicas).toBe(1);
});

test('the image runs the pinned Node, as an ordinary user, on the pinned installer', () => {
  const manifest = JSON.parse(readRepositoryFile('package.json'));
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  expect(new Set(bases)).toEqual(new Set([`node:${manifest.devDependencies.node}-slim`]));
  expect(dockerfile).toContain(manifest.packageManager);
  expect(readRepositoryFile('scripts/ensure-installed.mjs')).toContain(`'${manifest.packageManager}'`);
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(readRepositoryFile('.dockerignore')).toMatch(/^\.env$/m);
});

function read(path: string): z.infer<typeof Compose> {
  return Compose.parse(parse(readRepositoryFile(path), { merge: true }));
}
