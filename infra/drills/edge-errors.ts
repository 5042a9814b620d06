/** The edge answers 500, as a Worker that throws does. */
import type { Drill } from './drill.ts';
import { drillEdgeFault } from './edge-fault.ts';

export const edgeErrors: Drill = {
  what: 'the edge answers 500 to everything',
  run: (options, report) => drillEdgeFault({ kind: 'status', status: 500 }, options, report),
};
