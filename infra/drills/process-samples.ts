/** What a node holds, looked at again and again: whether something grows shows in how the later looks differ from the earlier. */
import { readdirSync, readFileSync } from 'node:fs';
import { family } from '../bench/process-cost.ts';
import type { RoutedStack } from '../e2e/routed-stack.ts';

/** One look; all of it counts the node and its media processes but heap and timers, which are the main process's. */
export interface Sample {
  readonly atS: number;
  readonly residentMb: number;
  readonly heapMb: number;
  readonly descriptors: number;
  readonly timers: number;
}

export type Quantity = Exclude<keyof Sample, 'atS'>;
export const quantities: readonly Quantity[] = ['residentMb', 'heapMb', 'descriptors', 'timers'];

const mb = 1_048_576;

export async function takeSample(stack: RoutedStack, atS: number): Promise<Sample> {
  const response = await fetch(`${stack.node.healthUrl}/stats`);
  const stats = (await response.json()) as {
    readonly memory: { readonly heapUsed: number };
    readonly resources: Readonly<Record<string, number>>;
  };
  const processes = family(stack.node.pid);
  return {
    atS,
    residentMb: sum(processes.map(residentMb)),
    heapMb: stats.memory.heapUsed / mb,
    descriptors: sum(processes.map((pid) => readdirSync(`/proc/${pid}/fd`).length)),
    timers: stats.resources['Timeout'] ?? 0,
  };
}

/** Growth an hour by least squares over all looks. */
export function slopePerHour(samples: readonly Sample[], quantity: Quantity): number {
  const meanAt = sum(samples.map(({ atS }) => atS)) / samples.length;
  const mean = sum(samples.map((one) => one[quantity])) / samples.length;
  const above = sum(samples.map((one) => (one.atS - meanAt) * (one[quantity] - mean)));
  const below = sum(samples.map((one) => (one.atS - meanAt) ** 2));
  return below === 0 ? 0 : (above / below) * 3_600;
}

/** The middle of all looks. */
export function median(samples: readonly Sample[], quantity: Quantity): number {
  const sorted = samples.map((one) => one[quantity]).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
