/**
 * The version of what node and edge say to each other. New fields are optional, meanings never change; a removal is a
 * new version. A field that a side does not know it leaves out, so that neither has to be of the same day: also an edge that was put back hears newer nodes. The edge takes its own version and the one before, so that it can be brought up to date first and the nodes after it;
 * any other is refused with an error that names both sides.
 *
 * 2: the link carries commands and the node's state (link.ts); offers count the INVITEs of a call.
 */
import * as z from 'zod';

export const contractVersion = 2;
export const oldestContractVersion = 1;

/** The field `contract` of every message of a node. */
export const contractField = z.int().min(oldestContractVersion).max(contractVersion);

/** What is wrong with the version a node speaks, in words; null: nothing. */
export function contractFault(spoken: number): string | null {
  if (spoken >= oldestContractVersion && spoken <= contractVersion) return null;
  const advice =
    spoken > contractVersion ? 'bring the edge up to date first' : 'bring the node up to date';
  return `contract: this edge speaks versions ${oldestContractVersion} to ${contractVersion}, the node speaks ${spoken}; ${advice}`;
}
