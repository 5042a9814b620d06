import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    for (const binding of ['env.ROUTING ', 'env.ROUTING_TABLE ', 'env.CALL_RECORDS ']) {
      expect(output).toContain(binding);
    }
  });
});
