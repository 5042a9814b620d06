/** All drills by name. */
import type { Drill } from './drill.ts';
import { edgeKilled } from './edge-killed.ts';
import { livekitKilled } from './livekit-killed.ts';
import { livekitRestarted } from './livekit-restarted.ts';
import { mediaProcessKilled } from './media-process-killed.ts';
import { nodeKilled } from './node-killed.ts';

export const drills: Readonly<Record<string, Drill>> = {
  'node-killed': nodeKilled,
  'media-process-killed': mediaProcessKilled,
  'edge-killed': edgeKilled,
  'livekit-killed': livekitKilled,
  'livekit-restarted': livekitRestarted,
};
