/** What every drill is: a name, what it does in a sentence, and a run that leaves a report. */
import type { DrillReport } from './drill-report.ts';

export interface DrillOptions {
  /** Calls that are up when the fault comes. */
  readonly calls: number;
  /** Length of the drills that last, s. */
  readonly seconds: number;
  /** Tells the person who watches what is going on. */
  readonly say: (text: string) => void;
  /** A livekit-sip program to put through the same drill instead of Callgate; null: Callgate. */
  readonly peer: string | null;
}

export interface Drill {
  readonly what: string;
  /** Seconds when nothing is said; for drills that last. */
  readonly seconds?: number;
  /** Calls when nothing is said; 50 when absent. */
  readonly calls?: number;
  /** True: livekit/sip can be put through it. */
  readonly forPeer?: true;
  run(options: DrillOptions, report: DrillReport): Promise<void>;
}

/** A drill that can only be run where something is at hand; the message names it and how to get it. */
export class DrillNeeds extends Error {
  override readonly name = 'DrillNeeds';
}
