/**
 * What is wrong with an object or a request: where, and in words. The words are those of LiveKit wherever
 * LiveKit refuses the same, because tools read them.
 */
export interface Fault {
  /** Path of the field in proto JSON, such as `media.codecs[0].name`. */
  readonly field: string;
  readonly msg: string;
}

export function fault(field: string, msg: string): Fault {
  return { field, msg };
}
