import { describe, expect, it } from 'vitest';
import { runTool } from '../setup/run-tool.ts';

describe('types', () => {
  it.each(['shared', 'media-node', 'edge-worker', 'infra'])('of %s hold', async (workspace) => {
    expect(await runTool('tsc', ['-p', workspace])).toEqual({ status: 0, output: '' });
  });
});
