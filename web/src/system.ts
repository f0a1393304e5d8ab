// How the machine and the stages do, as GET /api/system has it; and what of it was seen in the last five minutes. Parsing and keeping are
// pure.

import { ask } from './api';

export interface StageUse {
  tag: string; // "capture/front"
  pid: number | null;
  status: string;
  cpuPercent: number | null; // of one core
  memoryBytes: number | null;
}

export interface TopicUse {
  camera: string;
  topic: string; // "frames"
  rate: number | null; // records a second
  dropped: number | null; // since the topic began
}

export interface Hop {
  name: string; // "captured", "published", "detections", "tracks", "sent"
  atMs: number; // since it was captured
}

export interface FrameWay {
  camera: string;
  frameId: number | null;
  hops: Hop[]; // in order of time
}

export interface Machine {
  name: string;
  cores: number | null;
  cpuPercent: number | null; // of all cores
  memoryTotal: number | null;
  memoryUsed: number | null;
  uptimeS: number | null;
}

export interface Gateway {
  uptimeS: number | null;
  viewers: number | null;
  connections: number | null;
  cpuPercent: number | null;
  memoryBytes: number | null;
}

export interface SystemReport {
  version: string;
  machine: Machine;
  stages: StageUse[];
  topics: TopicUse[];
  ways: FrameWay[];
  gateway: Gateway;
}

type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {});
const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

export function parseSystem(value: unknown): SystemReport {
  const fields = fieldsOf(value);
  const machine = fieldsOf(fields['machine']);
  const gateway = fieldsOf(fields['gateway']);
  const stages = listOf(fields['stages']).map((stage) => ({
    tag: textOf(stage['tag']),
    pid: numberOf(stage['pid']),
    status: textOf(stage['status']),
    cpuPercent: numberOf(stage['cpu_percent']),
    memoryBytes: numberOf(stage['memory_bytes']),
  }));
  const own = stages.find((stage) => stage.tag === 'gateway');
  return {
    version: textOf(fields['version']),
    machine: {
      name: textOf(machine['name']),
      cores: numberOf(machine['cores']),
      cpuPercent: numberOf(machine['cpu_percent']),
      memoryTotal: numberOf(machine['memory_total_bytes']),
      memoryUsed: numberOf(machine['memory_used_bytes']),
      uptimeS: numberOf(machine['uptime_s']),
    },
    stages,
    topics: listOf(fields['topics']).map((topic) => {
      const [camera = '', ...name] = textOf(topic['topic']).split('/');
      return { camera, topic: name.join('/'), rate: numberOf(topic['rate']), dropped: numberOf(topic['dropped']) };
    }),
    ways: listOf(fields['latency']).map((way) => ({
      camera: textOf(way['camera']),
      frameId: numberOf(way['frame_id']),
      hops: listOf(way['hops'])
        .map((hop) => ({ name: textOf(hop['name']), atMs: numberOf(hop['at_ms']) }))
        .filter((hop): hop is Hop => hop.atMs !== null && hop.name !== '')
        .sort((a, b) => a.atMs - b.atMs),
    })),
    gateway: {
      uptimeS: numberOf(gateway['uptime_s']),
      viewers: numberOf(gateway['viewers']),
      connections: numberOf(gateway['connections']),
      cpuPercent: own?.cpuPercent ?? null,
      memoryBytes: own?.memoryBytes ?? null,
    },
  };
}

export async function fetchSystem(signal: AbortSignal): Promise<SystemReport> {
  return parseSystem(await ask('GET', 'system', { signal }));
}

// A curve: what a figure was when.
export interface Sample {
  at: number; // ms
  value: number;
}

export const kSpanMs = 5 * 60_000;

// Curves by name, of the last five minutes.
export class Curves {
  private readonly byName = new Map<string, Sample[]>();

  add(name: string, at: number, value: number | null): void {
    if (value === null) return;
    const kept = (this.byName.get(name) ?? []).filter((sample) => at - sample.at <= kSpanMs);
    this.byName.set(name, [...kept, { at, value }]);
  }

  of(name: string): readonly Sample[] {
    return this.byName.get(name) ?? [];
  }
}

const kDropped = 'dropped';

// Takes a report into the curves. `before`: the last one, for counters.
export function record(curves: Curves, report: SystemReport, before: SystemReport | null, at: number): void {
  curves.add('cpu', at, report.machine.cpuPercent);
  const { memoryUsed, memoryTotal } = report.machine;
  curves.add('memory', at, memoryUsed === null || !memoryTotal ? null : (memoryUsed / memoryTotal) * 100);
  for (const topic of report.topics) {
    const name = `${topic.camera}/${topic.topic}`;
    curves.add(name, at, topic.rate);
    const old = before?.topics.find((other) => other.camera === topic.camera && other.topic === topic.topic)?.dropped ?? null;
    if (old !== null && topic.dropped !== null) curves.add(`${name} ${kDropped}`, at, Math.max(0, topic.dropped - old));
  }
}

export function droppedCurve(camera: string, topic: string): string {
  return `${camera}/${topic} ${kDropped}`;
}

// A curve as points of a box of width × height: time to the right, ending now; the value upwards, 0 at the bottom.
export function pathOf(samples: readonly Sample[], now: number, most: number, width: number, height: number): string {
  return samples
    .map(({ at, value }) => {
      const x = width * (1 - (now - at) / kSpanMs);
      const y = height * (1 - Math.min(1, most > 0 ? value / most : 0));
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}
