import { describe, expect, it } from 'vitest';
import { runTool } from '../setup/run-tool.ts';

describe('lint and format', () => {
  it('find nothing to say', async () => {
    const { status, output } = await runTool('biome', [
      'ci',
      '--colors=off',
      '--error-on-warnings',
    ]);
    expect(status, output).toBe(0);
  });
});
