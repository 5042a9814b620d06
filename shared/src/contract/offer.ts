/**
 * The offer: the one question a media node asks the edge about an INVITE. `POST /v1/offers`, answered by a
 * decision (decision.ts). It carries all that a decision needs, and nothing that the node decided itself.
 */
import * as z from 'zod';
import { sipLimits } from '../limits.ts';
import { contractField, contractVersion } from './version.ts';

/** `SCL_` and 12 characters without look-alikes, as LiveKit makes call ids (attribute `sip.callID`). */
export const callId = z
  .string()
  .regex(
    /^SCL_[2-9A-HJ-NP-Za-km-z]{12}$/,
    'expected SCL_ and 12 characters of the short-uuid alphabet',
  );

const sipText = z.string().max(sipLimits.headerLineBytesMax);

/** User and host of a SIP URI as the caller wrote them, escapes undone (RFC 3261 §19.1). Either may be empty. */
export const sipParty = z.object({ user: sipText, host: sipText });

export const offer = z.object({
  contract: contractField,
  call_id: callId,
  /** Counts the INVITEs of this call from 0, as its records do. */
  sequence: z.int().min(0).default(0),
  /** Highest routing revision this node has seen; 0: none. The edge must not decide on an older one. */
  min_revision: z.int().min(0).default(0),
  /** Where the packet came from: the transport's word, never a header's. */
  source: z.object({
    address: z.union([z.ipv4(), z.ipv6()]),
    port: z.int().min(1).max(65_535),
    transport: z.enum(['udp', 'tcp', 'tls']),
  }),
  /** The Request-URI as text, for the digest check (RFC 7616 §3.4.6), and its parts. */
  request_uri: sipText,
  request: sipParty,
  from: sipParty.extend({ tag: sipText, display_name: sipText.optional() }),
  to: sipParty,
  /** Call-ID header of the INVITE (RFC 3261 §20.8). */
  sip_call_id: sipText,
  /** Headers of the INVITE in their order, credentials excluded; the edge maps them to attributes. */
  headers: z.array(z.object({ name: sipText, value: sipText })).max(sipLimits.offeredHeadersMax),
  /** The value of Authorization or Proxy-Authorization, if the INVITE had one. */
  credentials: z
    .object({ header: z.enum(['authorization', 'proxy-authorization']), value: sipText })
    .nullable(),
});

export type Offer = z.infer<typeof offer>;

export const offerExample: Offer = {
  contract: contractVersion,
  call_id: 'SCL_4xYpQ2mNkT7w',
  sequence: 0,
  min_revision: 12,
  source: { address: '203.0.113.7', port: 5060, transport: 'udp' },
  request_uri: 'sip:+15550100@sip.example.com',
  request: { user: '+15550100', host: 'sip.example.com' },
  from: { user: '+15550199', host: '203.0.113.7', tag: 'a73kszlfl', display_name: 'Ada' },
  to: { user: '+15550100', host: 'sip.example.com' },
  sip_call_id: '3848276298220188511@203.0.113.7',
  headers: [{ name: 'X-Ticket', value: '4711' }],
  credentials: null,
};
