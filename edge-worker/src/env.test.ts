import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import {
  allowsLoopbackWebhooks,
  allowsTrunklessCalls,
  answerToStrangers,
  apiCredentialOf,
  type Env,
  forwardsLivekitApi,
  livekitOf,
  nodeLostMsOf,
  nodeTokensOf,
  nonceSecretOf,
  pinAttemptsOf,
  recordDaysOf,
  sealingKeyOf,
  webhookRetriesOf,
  webhookSecretsOf,
} from './env.ts';

type Reader = (env: Env) => unknown;
const cases: [keyof Env, Reader, string[]][] = [
  ['LIVEKIT_URL', livekitOf, ['', 'livekit.example.com', 'ftp://x', 'wss://']],
  ['LIVEKIT_API_KEY', apiCredentialOf, ['']],
  ['LIVEKIT_API_SECRET', apiCredentialOf, ['']],
  ['NODE_TOKENS', nodeTokensOf, ['', '[]', '{"A":"x"}', `{"a":"${'g'.repeat(64)}"}`, '{"a":1}']],
  ['SEALING_KEY', sealingKeyOf, ['', 'c2hvcnQ=', '!'.repeat(44)]],
  ['NONCE_SECRET', nonceSecretOf, ['', 'short']],
  ['ALLOW_TRUNKLESS_CALLS', allowsTrunklessCalls, ['yes', '']],
  ['STRANGERS', answerToStrangers, ['silence']],
  ['FORWARD_LIVEKIT_API', forwardsLivekitApi, ['1']],
  ['PIN_ATTEMPTS', pinAttemptsOf, ['0', '11', 'x', '1.5']],
  ['WEBHOOK_RETRIES', webhookRetriesOf, ['', '5', '5,x', `${'5,'.repeat(7)}43201`]],
  ['WEBHOOK_LOOPBACK', allowsLoopbackWebhooks, ['yes']],
  ['RECORD_DAYS', recordDaysOf, ['0', '401', 'x']],
  ['NODE_LOST_SECONDS', nodeLostMsOf, ['', '7', '601', 'x']],
  ['WEBHOOK_SECRETS', webhookSecretsOf, ['secret', 'whsec_short']],
];

describe('a variable of the Worker', () => {
  it.each(cases)(
    '%s is named when it is wrong, and its value is not shown',
    (name, read, values) => {
      for (const value of values) {
        const failing = () => read({ ...env, [name]: value });
        expect(failing).toThrow(`${name}: expected`);
        if (value.length > 6) expect(failing).not.toThrow(value);
      }
    },
  );

  it.each(cases)('%s of the tests is as it must be', (_name, read) => {
    expect(() => read(env)).not.toThrow();
  });
});
