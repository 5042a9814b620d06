/** How long a test waits for something that must come, where it says nothing else: Vitest's own second is less than a busy machine may take for one write to its disk. */
import { vi } from 'vitest';

/** Milliseconds. Vitest has a setting for `expect.poll`, which has the same in vitest.config.ts, and none for `vi.waitFor`. */
const patienceMs = 15_000;

const { waitFor } = vi;
vi.waitFor = (check, options = patienceMs) => waitFor(check, options);
