/** What the Worker is given in tests: variables and secrets that open nothing anywhere else, and the plain forms that tests send. */
import { createHash } from 'node:crypto';

export const testNodeToken = 'node-token-of-the-tests';
export const testApiKey = 'APItests';
export const testApiSecret = 'the-api-secret-of-the-tests-is-long-enough';

/** Two, as while one is rotated. */
export const testWebhookSecrets = [1, 2].map(
  (n) => `whsec_${Buffer.alloc(32, n).toString('base64')}`,
);

export const testBindings = {
  LIVEKIT_URL: 'wss://livekit.test',
  LIVEKIT_API_KEY: testApiKey,
  LIVEKIT_API_SECRET: testApiSecret,
  NODE_TOKENS: JSON.stringify({
    'test-1': createHash('sha256').update(testNodeToken).digest('hex'),
  }),
  SEALING_KEY: Buffer.alloc(32, 7).toString('base64'),
  WEBHOOK_SECRETS: testWebhookSecrets.join(' '),
  NONCE_SECRET: 'the-nonce-secret-of-the-tests',
};
