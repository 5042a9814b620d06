/** Bounds of challenges that a node says without asking the edge; the other bounds are in limits.ts. */
export const challengeLimits = {
  /** A key of nonces fits one window of this length: one that got into wrong hands is worth nothing after it. */
  nonceWindowMs: 300_000,
  /** Called numbers, each from one source, whose challenge a node knows: 0.5 KB each. The one longest not called is forgotten for a new one. */
  placesMax: 5_000,
  /** And for how long after a call was let in: any change of the routing ends it sooner. */
  placeMs: 3_600_000,
  /** Sources and realms whose key a node holds. */
  keysMax: 1_000,
  /** Of an edge that is newer than the node. */
  realmCharactersMax: 1_024,
  algorithmsMax: 8,
} as const;
