import { describe, expect, it } from 'vitest';
import { readEdgeOptions } from './edge-options.ts';

describe('npm run edge', () => {
  it('reads a command and its options', () => {
    expect(readEdgeOptions(['deploy', '--dry-run', '--url', 'https://e.example'])).toEqual({
      command: 'deploy',
      dryRun: true,
      url: 'https://e.example',
      since: null,
      version: null,
      keep: null,
    });
  });

  it.each([
    [[], 'the command is ""; expected one of first, secrets, deploy, rollback, smoke'],
    [['deploy', 'now'], 'the command is "deploy now"'],
    [['smoke'], '--url is not set'],
    [['first'], '--keep is not set'],
    [['smoke', '--url', 'example.com'], '--url: expected a URL'],
    [['deploy', '--force'], "Unknown option '--force'"],
  ])('refuses %j', (args, message) => {
    expect(() => readEdgeOptions(args)).toThrow(message);
  });
});
