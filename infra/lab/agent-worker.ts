/** Runs a worker of LiveKit's agent framework (infra/livekit-agents), whose packages are installed on first use, and hears what it tells. */
import { fileURLToPath } from 'node:url';
import { LocalProcess } from '../local/local-process.ts';
import { seeToModules } from '../setup/node-modules.mjs';

const folder = fileURLToPath(new URL('../livekit-agents', import.meta.url));
const readyMs = 60_000;

export interface AgentTold {
  readonly kind: 'registered' | 'caller' | 'digit' | 'attributes' | 'end-call';
  readonly [field: string]: unknown;
}

export class AgentWorker {
  /** In order. */
  readonly told: AgentTold[] = [];
  readonly #process: LocalProcess;

  private constructor(process: LocalProcess) {
    this.#process = process;
    process.onLine((line) => {
      if (line.startsWith('{"kind":')) this.told.push(JSON.parse(line) as AgentTold);
    });
  }

  /** Installs what the worker needs, when it is not there yet: a minute or two. @throws Error when npm fails */
  static async install(): Promise<void> {
    await seeToModules(folder, (text: string) => process.stderr.write(`callgate: ${text}\n`));
  }

  /** Starts a worker that LiveKit knows by this name. @throws Error with what it wrote when it does not register */
  static async start(
    agentName: string,
    livekit: { readonly url: string; readonly apiKey: string; readonly apiSecret: string },
  ): Promise<AgentWorker> {
    const started = await LocalProcess.start({
      name: 'agent worker',
      command: process.execPath,
      args: [`${folder}/worker.mjs`],
      environment: {
        PATH: process.env['PATH'] ?? '',
        NODE_ENV: 'production',
        AGENT_NAME: agentName,
        LIVEKIT_URL: livekit.url,
        LIVEKIT_API_KEY: livekit.apiKey,
        LIVEKIT_API_SECRET: livekit.apiSecret,
      },
    });
    const worker = new AgentWorker(started);
    try {
      await started.waitUntil(async () => worker.of('registered').length > 0, readyMs);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return worker;
  }

  /** What it told of one kind. */
  of(kind: AgentTold['kind']): AgentTold[] {
    return this.told.filter((one) => one.kind === kind);
  }

  /** Its last lines, for messages of failed tests. */
  get said(): string {
    return this.#process.lastLines;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
