/** The SDP part of a multipart body: carriers send ISUP or a location beside it (RFC 5621). Pure, bounded by the body's own bound. */
import { parameterOf } from './parameters.ts';

/** Parts looked at; carriers send two or three. */
const partsMax = 16;

/**
 * The first part of the wanted type.
 * @param contentType the whole header, with its boundary
 * @returns null when the body is not multipart or has no such part
 */
export function partOf(contentType: string, body: Buffer, wanted: string): Buffer | null {
  if (!contentType.toLowerCase().startsWith('multipart/')) return null;
  const boundary = parameterOf(contentType, 'boundary');
  if (boundary === null || boundary === '' || boundary.length > 70) return null;
  const delimiter = `--${boundary}`;
  let at = body.indexOf(delimiter, 0, 'latin1');
  for (let count = 0; at >= 0 && count < partsMax; count += 1) {
    const from = at + delimiter.length;
    const to = body.indexOf(`\r\n${delimiter}`, from, 'latin1');
    if (to < 0) return null;
    const part = body.subarray(from, to);
    const headEnd = part.indexOf('\r\n\r\n', 0, 'latin1');
    if (headEnd >= 0 && typeOf(part.toString('latin1', 0, headEnd)) === wanted) {
      return part.subarray(headEnd + 4);
    }
    at = to + 2;
  }
  return null;
}

/** Content-Type in the head of a part, lower case without parameters. */
function typeOf(head: string): string {
  const line = /^content-type *: *([^;\r\n ]+)/im.exec(head);
  return line?.[1]?.toLowerCase() ?? '';
}
