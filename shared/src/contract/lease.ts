/**
 * Leases: calls of trunks with a cap (decision.ts, `lease_ms`) count as long as their node says that they live. `POST /v1/leases`, every capLimits.renewMs and when a call ends
 * before its record can tell. A node that is lost says nothing, and its calls stop counting by themselves.
 */
import * as z from 'zod';
import { capLimits } from '../limits.ts';
import { callId } from './offer.ts';
import { contractField, contractVersion } from './version.ts';

const leasedCall = z.object({ call_id: callId, trunk_id: z.string().min(1).max(128) });

export const leaseReport = z.object({
  contract: contractField,
  /** Calls that live. */
  held: z.array(leasedCall).max(capLimits.reportedMax),
  /** Calls that have ended. Their records say the same, later perhaps. */
  ended: z.array(leasedCall).max(capLimits.reportedMax),
});

export type LeasedCall = z.infer<typeof leasedCall>;
export type LeaseReport = z.infer<typeof leaseReport>;

export const leaseReportExample: LeaseReport = {
  contract: contractVersion,
  held: [{ call_id: 'SCL_4xYpQ2mNkT7w', trunk_id: 'ST_9sLmW4kQ2xTz' }],
  ended: [],
};
