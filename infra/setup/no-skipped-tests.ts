/**
 * A test that is skipped or left for later proves nothing and looks green: this reporter makes the run fail and names it. Focused
 * tests (`.only`) are refused by the runner's own setting. A run that was narrowed by name (`-t`) skips on purpose and is let through.
 */
import type { Reporter, TestModule, Vitest } from 'vitest/node';

export default class NoSkippedTests implements Reporter {
  #isNarrowed = false;

  onInit(vitest: Vitest): void {
    this.#isNarrowed = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#isNarrowed) return;
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    if (skipped.length === 0) return;
    process.exitCode = 1;
    for (const test of skipped) {
      console.error(`skipped tests are not allowed: ${test.module.moduleId}: ${test.fullName}`);
    }
  }
}
