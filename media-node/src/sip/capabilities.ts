/** What this endpoint can do, as it says in Allow, Accept and Supported. RFC 3261 §20. */
import type { Row } from './wire/write-message.ts';

/** REFER is not among them: we send it, we do not take it. */
export const allowedMethods: readonly string[] = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'UPDATE',
  'PRACK',
  'INFO',
  'NOTIFY',
];

/** Option tags for Require and Supported: RFC 3262, RFC 4028. */
export const supportedExtensions: readonly string[] = ['100rel', 'timer'];

export const allowRow: Row = ['Allow', allowedMethods.join(', ')];
export const acceptRow: Row = [
  'Accept',
  'application/sdp, multipart/mixed, application/dtmf-relay, application/dtmf',
];
/** What else OPTIONS tells (RFC 3261 §11.2): bodies come as they are, and our phrases are English. */
export const acceptedCodingRows: readonly Row[] = [
  ['Accept-Encoding', 'identity'],
  ['Accept-Language', 'en'],
];
export const supportedRow: Row = ['Supported', supportedExtensions.join(', ')];
