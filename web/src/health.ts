// The health of stages and inputs between two state messages. The gateway reports twice a second; in between the page counts on by itself,
// so a stage that hangs, or a gateway that does, shows as stale when it is and not at the next message. Pure: time is passed in.

import { seconds } from './format';
import type { Input, InputStatus, Stage, StageName, StageStatus } from './protocol';

export const kStageNames: readonly StageName[] = ['capture', 'detect', 'control'];

export interface StageHealth {
  name: StageName;
  status: StageStatus | 'unknown'; // unknown: nobody has told us yet
  ageMs: number | null;
}

export class Health {
  private readonly reports = new Map<StageName, { stage: Stage; at: number }>();

  report(stages: readonly Stage[], now: number): void {
    for (const stage of stages) this.reports.set(stage.name, { stage, at: now });
  }

  // What a stage made has just come: a sign of life of that stage, `ageMs` old.
  sawLife(name: StageName, ageMs: number, now: number): void {
    const report = this.reports.get(name);
    if (report === undefined || report.stage.status === 'missing') return;
    const known = report.stage.ageMs;
    if (known !== null && known + (now - report.at) <= ageMs) return;
    this.reports.set(name, { stage: { name, status: 'ok', ageMs }, at: now });
  }

  at(now: number, staleAfterMs: number): StageHealth[] {
    return kStageNames.map((name) => {
      const report = this.reports.get(name);
      if (report === undefined) return { name, status: 'unknown', ageMs: null };
      const { status, ageMs: reported } = report.stage;
      if (status === 'missing' || reported === null) return { name, status, ageMs: null };
      const ageMs = reported + (now - report.at);
      return { name, status: ageMs > staleAfterMs ? 'stale' : status, ageMs };
    });
  }

  clear(): void {
    this.reports.clear();
  }
}

export interface InputHealth extends Omit<Input, 'status'> {
  status: InputStatus | 'unknown'; // unknown: what was told last is too old
  label: string; // what it is called on the page
}

// The inputs of one camera, as the last state message told them.
export class Inputs {
  private list: readonly Input[] = [];
  private toldAt = 0;

  report(inputs: readonly Input[], now: number): void {
    this.list = inputs;
    this.toldAt = now;
  }

  at(now: number, staleAfterMs: number): InputHealth[] {
    const since = now - this.toldAt;
    const main = this.list.length === 1 ? 'camera' : 'detect';
    return this.list.map((input) => ({
      ...input,
      label: input.name === '' ? main : input.name,
      status: since > staleAfterMs ? 'unknown' : input.status,
      pictureAgeMs: input.pictureAgeMs === null ? null : input.pictureAgeMs + since,
    }));
  }

  clear(): void {
    this.list = [];
  }
}

// Why it gives no pictures, in words; empty: it does, or nobody knows.
export function reasonOf(input: InputHealth): string {
  switch (input.status) {
    case 'ok':
    case 'unknown':
      return '';
    case 'opening':
      return input.error ?? 'Connecting to the camera.';
    case 'silent':
      return input.pictureAgeMs === null
        ? 'No whole picture yet.'
        : `No whole picture for ${seconds(input.pictureAgeMs)}.`;
    case 'reopening':
      return input.error ?? 'It failed and is opened again.';
    case 'stale':
      return 'Its capture hangs.';
    case 'missing':
      return 'Its capture is not running.';
  }
}

// The one that the live picture comes from.
export function shownInput(inputs: readonly InputHealth[]): InputHealth | undefined {
  return inputs.find((input) => input.name === '') ?? inputs[0];
}

// What has to be said beside the stages: capture's own trouble is already there for the input that detects.
export function isTroubled(input: InputHealth): boolean {
  if (input.status === 'silent' || input.status === 'reopening') return true;
  return input.name !== '' && (input.status === 'stale' || input.status === 'missing');
}
