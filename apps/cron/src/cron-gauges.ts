import type { HealthCheck } from '@vibetribe/core/tasks/check-health';
import type { Stalled } from '@vibetribe/core/tasks/detect-stalled';
import type { TaskRun } from '@vibetribe/core/tasks/run-task-once';
import type { TaskHealth } from './task-health.ts';
import type { Metrics } from '@vibetribe/observability/metrics';
import { Counter, Gauge } from 'prom-client';

export interface CronGauges {
  countRun(task: string, outcome: TaskRun['kind']): void;
  /** A try to deliver a webhook has ended. */
  countDelivery(outcome: string): void;
  /** A try to send a mail has ended. */
  countMail(outcome: string): void;
  setHealth(check: HealthCheck): void;
  setStalled(stalled: Stalled): void;
  setTaskHealth(tasks: readonly Pick<TaskHealth, 'name' | 'isOverdue' | 'lagSeconds'>[]): void;
  /** Another process has newer numbers: this one shows none. */
  forget(task: string): void;
}

/** What the cron tasks found, for Prometheus. Of many replicas the one that ran a task last shows its numbers. */
export function createCronGauges({ registry }: Pick<Metrics, 'registry'>): CronGauges {
  const registers = [registry];
  const runs = new Counter({
    name: 'vibetribe_cron_runs_total',
    help: 'Turns of cron tasks; skipped ones ran in another process.',
    labelNames: ['task', 'outcome'],
    registers,
  });
  const deliveries = new Counter({
    name: 'vibetribe_webhook_tries_total',
    help: 'Tries to deliver a webhook, by how they ended.',
    labelNames: ['outcome'],
    registers,
  });
  const mails = new Counter({
    name: 'vibetribe_mail_tries_total',
    help: 'Tries to send a mail, by how they ended.',
    labelNames: ['outcome'],
    registers,
  });
  const healthy = new Gauge({
    name: 'vibetribe_dependency_healthy',
    help: '1 where the last health check reached it.',
    labelNames: ['dependency'],
    registers,
  });
  const freeBytes = new Gauge({
    name: 'vibetribe_disk_free_bytes',
    help: 'Of the disk that files are kept on.',
    registers,
  });
  const troubled = new Gauge({
    name: 'vibetribe_platforms_troubled',
    help: 'Breakers that are open or half open.',
    labelNames: ['state'],
    registers,
  });
  const stalled = new Gauge({
    name: 'vibetribe_publications_stalled',
    help: 'Publications that no publisher takes care of, as of the last look.',
    labelNames: ['reason'],
    registers,
  });

  const overdue = new Gauge({
    name: 'vibetribe_cron_overdue',
    help: '1 where a task has not succeeded for two of its times.',
    labelNames: ['task'],
    registers,
  });

  const lag = new Gauge({
    name: 'vibetribe_cron_lag_seconds',
    help: 'How long ago a task should have run that has not succeeded since; 0 where it is up to date.',
    labelNames: ['task'],
    registers,
  });

  return {
    countRun: (task, outcome) => runs.inc({ task, outcome }),
    countDelivery: (outcome) => deliveries.inc({ outcome }),
    countMail: (outcome) => mails.inc({ outcome }),
    setHealth(check) {
      healthy.set({ dependency: 'database' }, check.databaseLatencyMs === null ? 0 : 1);
      healthy.set({ dependency: 'queue' }, check.queue.ok ? 1 : 0);
      healthy.set({ dependency: 'disk' }, check.disk.ok ? 1 : 0);
      if (check.disk.freeBytes !== undefined) freeBytes.set(check.disk.freeBytes);
      const states = Object.values(check.troubledPlatforms);
      for (const state of ['open', 'half_open'] as const)
        troubled.set({ state }, states.filter((one) => one === state).length);
    },
    setStalled({ overdue, abandoned }) {
      stalled.set({ reason: 'overdue' }, overdue);
      stalled.set({ reason: 'abandoned' }, abandoned);
    },
    setTaskHealth(tasks) {
      for (const { name, isOverdue, lagSeconds } of tasks) {
        overdue.set({ task: name }, isOverdue ? 1 : 0);
        lag.set({ task: name }, lagSeconds);
      }
    },
    forget(task) {
      if (task === 'stalled-detection') stalled.reset();
      if (task !== 'health-check') return;
      healthy.reset();
      freeBytes.reset();
      troubled.reset();
    },
  };
}
