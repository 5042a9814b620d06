/**
 * What tests print, the Worker's log lines among it, must hold no secret: this reporter makes the run fail and says which test printed what. The programs of the
 * end-to-end tests are searched by e2e/no-leaks.setup.ts.
 */
import type { UserConsoleLog } from 'vitest';
import type { Reporter, Vitest } from 'vitest/node';
import {
  testApiSecret,
  testBindings,
  testNodeToken,
  testWebhookSecrets,
} from '../../edge-worker/testdata/bindings.ts';
import { SecretWatch } from '../local/secret-watch.ts';

export default class NoLeakedSecrets implements Reporter {
  readonly #watch = new SecretWatch();
  #nameOf: (taskId: string | undefined) => string = () => 'a test';

  onInit(vitest: Vitest): void {
    this.#nameOf = (taskId) => vitest.state.idMap.get(taskId ?? '')?.file.name ?? 'a test';
    this.#watch.keep('node token', testNodeToken);
    this.#watch.keep('API secret', testApiSecret);
    this.#watch.keep('sealing key', testBindings.SEALING_KEY);
    this.#watch.keep('nonce secret', testBindings.NONCE_SECRET);
    for (const secret of testWebhookSecrets) this.#watch.keep('webhook secret', secret);
    this.#watch.keep('trunk password', 'wonderland');
  }

  onUserConsoleLog({ content, taskId }: UserConsoleLog): void {
    for (const line of content.split('\n')) this.#watch.search(this.#nameOf(taskId), line);
  }

  onTestRunEnd(): void {
    if (this.#watch.leaks.length === 0) return;
    process.exitCode = 1;
    for (const leak of this.#watch.leaks) console.error(`secrets must not be printed: ${leak}`);
  }
}
