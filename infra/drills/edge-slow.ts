/** The edge takes 2 s to answer: longer than the node waits. Records arrive although the node gave up on the answer, and are sent again: they count once. */
import type { Drill } from './drill.ts';
import { drillEdgeFault } from './edge-fault.ts';

export const edgeSlow: Drill = {
  what: 'the edge takes 2 s for each answer',
  run: (options, report) => drillEdgeFault({ kind: 'slow', ms: 2_000 }, options, report),
};
