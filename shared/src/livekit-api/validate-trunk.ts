/**
 * Whether a trunk may be stored, judged alone; conflicts with others are found elsewhere. The words are
 * LiveKit's where LiveKit refuses, too. Beyond that Callgate refuses what could never work: half of the
 * credentials, addresses that no source can ever equal, and options of its own that it does not know.
 */
import type { SIPInboundTrunkInfo, SIPOutboundTrunkInfo } from '@livekit/protocol';
import { parseIpPrefix } from '../routing/ip-address.ts';
import { trunkOptionsFault } from '../routing/trunk-options.ts';
import { type Fault, fault } from './fault.ts';
import { headerMapsFault } from './validate-headers.ts';
import { mediaFault } from './validate-media.ts';

const unprotectedText =
  'for security, one of the fields must be set: AuthUsername+AuthPassword, AllowedAddresses or Numbers';

/** null: the trunk may be stored. */
export function inboundTrunkFault(trunk: SIPInboundTrunkInfo): Fault | null {
  return (
    protectionFault(trunk) ??
    mediaFault(trunk.media) ??
    headerMapsFault(trunk) ??
    credentialsFault(trunk) ??
    addressesFault(trunk.allowedAddresses) ??
    trunkOptionsFault(trunk.metadata)
  );
}

/** null: LiveKit would store the trunk. */
export function outboundTrunkFault(trunk: SIPOutboundTrunkInfo): Fault | null {
  if (trunk.numbers.length === 0) return fault('numbers', 'no trunk numbers specified');
  if (trunk.address === '') return fault('address', 'no outbound address specified');
  return (
    hostFault(trunk.address, 'address', 'trunk address') ??
    hostFault(trunk.fromHost, 'from_host', 'from_host') ??
    headerMapsFault(trunk) ??
    mediaFault(trunk.media)
  );
}

function protectionFault(trunk: SIPInboundTrunkInfo): Fault | null {
  const isProtected =
    trunk.authUsername !== '' ||
    trunk.authPassword !== '' ||
    trunk.allowedAddresses.length > 0 ||
    trunk.numbers.length > 0;
  return isProtected ? null : fault('numbers', unprotectedText);
}

/** LiveKit stores half of the credentials and then never asks the caller for any. */
function credentialsFault(trunk: SIPInboundTrunkInfo): Fault | null {
  if ((trunk.authUsername === '') === (trunk.authPassword === '')) return null;
  const missing = trunk.authPassword === '' ? 'auth_password' : 'auth_username';
  return fault(
    missing,
    `${missing} must be set, too: with half of the credentials callers would not be asked for them`,
  );
}

/** LiveKit stores any text, and a list in which nothing is valid lets everybody in. */
function addressesFault(entries: readonly string[]): Fault | null {
  const at = entries.findIndex((entry) => parseIpPrefix(entry) === null);
  if (at < 0) return null;
  const field = `allowed_addresses[${at}]`;
  return fault(
    field,
    `${field} must be an IP address or a prefix, such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32; host names never match`,
  );
}

/** @param subject what LiveKit calls the field in its words */
function hostFault(host: string, field: string, subject: string): Fault | null {
  if (host.includes('transport=')) {
    return fault(field, `${subject} should not contain transport parameter`);
  }
  if (/[@;]|^sips?:/.test(host)) {
    return fault(field, `${subject} should be a hostname or IP, not SIP URI`);
  }
  return null;
}
