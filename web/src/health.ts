// The stages' health between two state messages. The gateway reports twice a second; in between the page counts on by itself,
// so a stage that hangs, or a gateway that does, shows as stale when it is and not at the next message. Pure: time is passed in.

import type { Stage, StageName, StageStatus } from './protocol';

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
