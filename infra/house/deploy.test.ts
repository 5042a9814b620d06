import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { webhookLimits } from '@callgate/shared/limits.ts';
import { afterAll, describe, expect, it } from 'vitest';
import { runTool } from '../setup/run-tool.ts';

describe('the Worker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'callgate-deploy-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('would deploy: its bundle builds and every binding is declared', async () => {
    const { status, output } = await runTool('wrangler', [
      'deploy',
      '--dry-run',
      '--outdir',
      folder,
    ]);
    expect(status, output).toBe(0);
    for (const binding of [
      'env.ROUTING ',
      'env.ROUTING_TABLE ',
      'env.CALL_RECORDS ',
      'env.TRUNK_CALLS ',
      'env.WEBHOOKS ',
      'env.EVENTS ',
    ]) {
      expect(output).toContain(binding);
    }
  });

  it('gives an event as many tries as it has waits for', () => {
    const settings = readFileSync('wrangler.toml', 'utf8');
    const waits = webhookLimits.retriesS;
    expect(settings).toContain(`WEBHOOK_RETRIES = "${waits.join(',')}"`);
    const consumer = /queue = "callgate-events"\nmax_batch_size[^[]*/.exec(settings)?.[0] ?? '';
    expect(consumer).toContain(`max_retries = ${waits.length}\n`);
    expect(consumer).toContain('dead_letter_queue = "callgate-events-dead"');
  });
});
