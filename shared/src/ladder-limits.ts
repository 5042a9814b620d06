/** What a node remembers of SIP for those who look; the other bounds are in limits.ts. */

/** Bounds of the SIP messages that a node keeps to show them. */
export const ladderLimits = {
  /** The last half an hour of a busy node; each costs some 8 KB. */
  callsMax: 1_000,
  /** A call with holds, refreshes and a transfer has some 40 messages; an attacker's copies end here. */
  messagesMax: 100,
  /** An INVITE of a carrier stays below 4 KB. */
  messageBytesMax: 8_192,
  callBytesMax: 131_072,
  /** All ladders together. */
  bytesMax: 8_388_608,
} as const;
