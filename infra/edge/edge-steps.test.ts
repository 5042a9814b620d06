import { describe, expect, it } from 'vitest';
import {
  type deploySteps,
  firstSteps,
  rollbackSteps,
  secretsStep,
  showStep,
} from './edge-steps.ts';

const secrets = { SEALING_KEY: 'the-sealing-key', NONCE_SECRET: 'the-nonce-secret' };
const shown = (steps: ReturnType<typeof deploySteps>) =>
  steps.map((step) => showStep(step).split('   #')[0]);

describe('the steps of a first deployment', () => {
  it('make the queues, the Worker, and then its secrets', () => {
    expect(shown(firstSteps(secrets, 'abc1234'))).toEqual([
      'wrangler queues list',
      'wrangler queues create callgate-events',
      'wrangler queues create callgate-events-dead',
      'wrangler deploy --dry-run',
      'wrangler deploy --strict --tag abc1234',
      'git tag --force edge-deployed',
      'wrangler secret bulk  < SEALING_KEY, NONCE_SECRET',
    ]);
  });

  it('show no secret and give none as an argument', () => {
    const steps = firstSteps(secrets, 'abc1234');
    const text = [...steps.map(showStep), ...steps.flatMap(({ args }) => args)].join('\n');
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    expect(secretsStep(secrets).secrets).toEqual(secrets);
  });
});

describe('the steps of a roll-back', () => {
  it('go to the version before, or to one that is named', () => {
    expect(shown(rollbackSteps(null, 'why'))[1]).toBe('wrangler rollback --message why --yes');
    expect(shown(rollbackSteps('1f3a', 'why'))[1]).toBe(
      'wrangler rollback 1f3a --message why --yes',
    );
  });
});
