/** All drills by name. */
import { attack } from './attack.ts';
import { clockOff } from './clock-off.ts';
import { diskFull } from './disk-full.ts';
import type { Drill } from './drill.ts';
import { edgeCutOff } from './edge-cut-off.ts';
import { edgeErrors } from './edge-errors.ts';
import { edgeKilled } from './edge-killed.ts';
import { edgeSlow } from './edge-slow.ts';
import { kvAway } from './kv-away.ts';
import { kvStale } from './kv-stale.ts';
import { linkFlapping } from './link-flapping.ts';
import { livekitKilled } from './livekit-killed.ts';
import { livekitRestarted } from './livekit-restarted.ts';
import { mediaProcessKilled } from './media-process-killed.ts';
import { noDescriptors } from './no-descriptors.ts';
import { noPorts } from './no-ports.ts';
import { nodeKilled } from './node-killed.ts';
import { overload } from './overload.ts';
import { publishInterrupted } from './publish-interrupted.ts';
import { regionLost } from './region-lost.ts';
import { soak } from './soak.ts';

export const drills: Readonly<Record<string, Drill>> = {
  'node-killed': nodeKilled,
  'media-process-killed': mediaProcessKilled,
  'edge-killed': edgeKilled,
  'livekit-killed': livekitKilled,
  'livekit-restarted': livekitRestarted,
  'edge-slow': edgeSlow,
  'edge-errors': edgeErrors,
  'edge-cut-off': edgeCutOff,
  'link-flapping': linkFlapping,
  'kv-stale': kvStale,
  'kv-away': kvAway,
  'publish-interrupted': publishInterrupted,
  'clock-off': clockOff,
  'disk-full': diskFull,
  'no-ports': noPorts,
  'no-descriptors': noDescriptors,
  'region-lost': regionLost,
  attack,
  overload,
  soak,
};
