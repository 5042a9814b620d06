/** Measurements of one run beside each other as a table: each bridge a column, each figure a row, the ratio to the yardstick behind the value. Pure. */
import type { Summary } from '../distribution.ts';
import type { Measurement } from './measurement.ts';

interface Figure {
  readonly name: string;
  readonly of: (one: Measurement) => number | null;
  /** Digits behind the point. */
  readonly digits: number;
  /** The ratio to the yardstick says something. */
  readonly isCompared: boolean;
}

const figures: readonly Figure[] = [
  { name: 'answered', of: (one) => one.answered, digits: 0, isCompared: false },
  cost('CPU per call, % of a core', (one) => one.cpuPercentPerCall, 2),
  cost('memory (PSS), MB', (one) => one.memoryMb, 0),
  cost('phone to room p50, ms', (one) => one.phoneToRoomMs?.p50, 1),
  cost('phone to room p95, ms', (one) => one.phoneToRoomMs?.p95, 1),
  cost('room to phone p50, ms', (one) => one.roomToPhoneMs?.p50, 1),
  cost('room to phone p95, ms', (one) => one.roomToPhoneMs?.p95, 1),
  cost('first INVITE to challenge p50, ms', (one) => one.toChallengeMs?.p50, 1),
  cost('INVITE to 180 p50, ms', (one) => one.to180Ms?.p50, 1),
  cost('INVITE to 200 p50, ms', (one) => one.to200Ms?.p50, 1),
  cost('INVITE to 200 p95, ms', (one) => one.to200Ms?.p95, 1),
  cost(
    "200 to first room audio by the phone's clock p50, ms",
    (one) => one.firstAudioAfter200Ms?.p50,
    1,
  ),
  cost(
    "200 to first room audio by the phone's clock p95, ms",
    (one) => one.firstAudioAfter200Ms?.p95,
    1,
  ),
  cost('200 to first room audio on the wire p50, ms', (one) => one.firstAudioOnWireMs?.p50, 1),
  cost('200 to first room audio on the wire p95, ms', (one) => one.firstAudioOnWireMs?.p95, 1),
  share('packets delivered to the phone', (one) => one.deliveredToPhone),
  share('packets delivered to the room', (one) => one.deliveredToRoom),
];

/**
 * A Markdown table of runs with the same number of calls.
 * @param yardstick name of the bridge that ratios are against; null: none
 */
export function comparisonTable(
  measurements: readonly Measurement[],
  yardstick: string | null,
): string {
  const calls = measurements[0]?.calls ?? 0;
  const against = measurements.find(({ bridge }) => bridge === yardstick) ?? null;
  const columns = measurements.map(({ bridge, isVoid }) => `${bridge}${isVoid ? ' (*)' : ''}`);
  const head = [`${calls} ${calls === 1 ? 'call' : 'calls'}`, ...columns];
  const rows = figures
    .filter((figure) => measurements.some((one) => figure.of(one) !== null))
    .map((figure) => [
      figure.name,
      ...measurements.map((one) => cell(figure, one, one === against ? null : against)),
    ]);
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  const isAnyVoid = measurements.some(({ isVoid }) => isVoid);
  return [
    ...lines,
    ...(isAnyVoid ? ['', '(*) the judge was short of processor: this column does not count.'] : []),
  ].join('\n');
}

/** A table of one figure with its spread, for measurements outside the big table. */
export function spreadTable(
  title: string,
  rows: readonly { readonly bridge: string; readonly spread: Summary | null }[],
): string {
  return [
    `| ${title} | count | p50 | p95 | max |`,
    '| --- | --- | --- | --- | --- |',
    ...rows.map(({ bridge, spread }) =>
      spread === null
        ? `| ${bridge} | 0 | - | - | - |`
        : `| ${bridge} | ${spread.count} | ${spread.p50} | ${spread.p95} | ${spread.max} |`,
    ),
  ].join('\n');
}

function cell(figure: Figure, one: Measurement, against: Measurement | null): string {
  const value = figure.of(one);
  if (value === null) return '-';
  const text = value.toFixed(figure.digits);
  const reference = against === null ? null : figure.of(against);
  if (!figure.isCompared || reference === null || reference === 0) return text;
  return `${text} (${(value / reference).toFixed(2)})`;
}

function cost(name: string, of: (one: Measurement) => number | undefined, digits: number): Figure {
  return { name, of: (one) => of(one) ?? null, digits, isCompared: true };
}

function share(name: string, of: (one: Measurement) => number | null): Figure {
  return { name, of, digits: 3, isCompared: false };
}
