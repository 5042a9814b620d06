/** The two functions of the npm package `sip` 0.0.6 that Callgate uses, typed as narrowly as it uses them. Nothing else of it is called. */
declare module 'sip' {
  export interface PlainMessage {
    method?: string;
    uri?: string;
    version?: string;
    status?: number;
    reason?: string;
    headers: Record<string, unknown>;
    content?: string;
  }

  /** A header section with its empty line, Latin-1; undefined when the start line is not understood. */
  export function parse(text: string): PlainMessage | undefined;

  /** Header values that are strings are written as they are; Content-Length is the length of `content`. */
  export function stringify(message: PlainMessage): string;
}
