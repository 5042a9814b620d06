/** Processor time and delay over the number of calls as one SVG. */
import * as echarts from 'echarts';
import type { Measurement } from './measurement.ts';

const width = 860;
const height = 360;
const title = 'CPU per call and delay each way over the number of calls';

interface Panel {
  readonly title: string;
  readonly of: (one: Measurement) => number | undefined;
}

const panels: readonly Panel[] = [
  { title: 'CPU per call, % of a core', of: (one) => one.cpuPercentPerCall },
  { title: 'phone to room p50, ms', of: (one) => one.phoneToRoomMs?.p50 },
  { title: 'room to phone p50, ms', of: (one) => one.roomToPhoneMs?.p50 },
];

/** Lines of one colour for each bridge, one panel for each figure. */
export function plotMeasurements(measurements: readonly Measurement[]): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  const bridges = [...new Set(measurements.map(({ bridge }) => bridge))];
  const share = 100 / panels.length;
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    legend: { data: bridges, bottom: 0 },
    title: panels.map(({ title }, index) => ({
      text: title,
      left: `${share * index + 3}%`,
      top: 8,
      textStyle: { fontSize: 13, fontWeight: 'normal' },
    })),
    grid: panels.map((_, index) => ({
      left: `${share * index + 4}%`,
      width: `${share - 6}%`,
      top: 44,
      bottom: 72,
    })),
    xAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: 'value',
      name: 'calls',
      nameLocation: 'middle',
      nameGap: 24,
      min: 0,
    })),
    yAxis: panels.map((_, gridIndex) => ({ gridIndex, type: 'value', min: 0 })),
    series: panels.flatMap(({ of }, index) =>
      bridges.map((bridge) => ({
        name: bridge,
        type: 'line',
        xAxisIndex: index,
        yAxisIndex: index,
        data: measurements.flatMap((one) => {
          const value = of(one);
          return one.bridge === bridge && value !== undefined ? [[one.calls, value]] : [];
        }),
      })),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  // For who cannot see it; the library writes none.
  return svg.replace(/<svg[^>]*>/, (tag) => `${tag}<title>${title}</title>`);
}
