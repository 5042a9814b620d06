/**
 * Before the end-to-end tests: a livekit-server is there, or is built now. A build takes minutes on a fresh machine, longer than any
 * hook of a test may, and the one who waits wants to read why.
 */
import { findLivekitBinary } from '../local/livekit-binary.ts';

export async function setup(): Promise<void> {
  if ((process.env['LIVEKIT_URL'] ?? '') !== '') return;
  await findLivekitBinary((text) => process.stderr.write(`callgate: ${text}\n`));
}
