/** The variables of SIP over TLS. Several certificates stand in one list, each with its key at the same place of the other. */
import type { AddressAndPort, Read } from './config.ts';
import type { TlsCredentials } from './sip/transport/tls-credentials.ts';

export interface TlsConfig extends AddressAndPort, TlsCredentials {
  /** Further addresses, with the same certificates. */
  readonly alsoListen?: readonly AddressAndPort[];
}

/** TLS needs its address, certificate and key together; one alone is a mistake that must not go unseen. */
export function readTls(
  read: Read,
  faults: string[],
  addressAndPort: (text: string) => AddressAndPort | null,
): TlsConfig | null {
  const listens = read<readonly AddressAndPort[] | null>(
    'CALLGATE_TLS_LISTEN',
    (text) => {
      const all = commaList(text)?.map(addressAndPort) ?? [null];
      return all.every((one) => one !== null) ? all : null;
    },
    'address:port such as 0.0.0.0:5061, commas between several',
    null,
  );
  const [listen = null, ...alsoListen] = listens ?? [];
  const files = (name: string, what: string) =>
    read<readonly string[]>(
      name,
      commaList,
      `the file of ${what} (PEM), commas between several`,
      [],
    );
  const certificates = files('CALLGATE_TLS_CERTIFICATE', 'the certificate and its chain');
  const keys = files('CALLGATE_TLS_KEY', 'its private key');
  const authorityFile = read<string | null>(
    'CALLGATE_TLS_CLIENT_AUTHORITY',
    (text) => text,
    'the file of the authorities of callers (PEM)',
    null,
  );
  const [certificateFile = null] = certificates;
  const [keyFile = null] = keys;
  if (listen === null && certificateFile === null && keyFile === null && authorityFile === null)
    return null;
  const needed = {
    CALLGATE_TLS_LISTEN: listens,
    CALLGATE_TLS_CERTIFICATE: certificateFile,
    CALLGATE_TLS_KEY: keyFile,
  };
  for (const [name, value] of Object.entries(needed)) {
    if (value === null)
      faults.push(`${name} is not set; expected with the other CALLGATE_TLS_ variables`);
  }
  if (listen === null || certificateFile === null || keyFile === null) return null;
  if (certificates.length !== keys.length)
    faults.push(
      `CALLGATE_TLS_KEY names ${keys.length} files; expected one for each of ${certificates.length} certificates`,
    );
  const others = certificates.slice(1).map((other, index) => ({
    certificateFile: other,
    keyFile: keys[index + 1] ?? '',
  }));
  return {
    ...listen,
    certificateFile,
    keyFile,
    ...(alsoListen.length === 0 ? {} : { alsoListen }),
    ...(others.length === 0 ? {} : { others }),
    ...(authorityFile === null ? {} : { authorityFile }),
  };
}

/** Several texts with commas between; null when one is empty. */
function commaList(text: string): string[] | null {
  const all = text.split(',').map((one) => one.trim());
  return all.includes('') ? null : all;
}
