// Numbers as people read them. Pure.

// 840 ms, 2.3 s, 14 s, 3 min, 2 h
export function duration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 100_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 100 * 60_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

// The same in whole seconds: for what is read aloud or changes all the time.
export function seconds(ms: number | null): string {
  return ms === null ? '–' : ms < 100_000 ? `${Math.floor(ms / 1000)} s` : duration(ms);
}

export function rate(perSecond: number | null): string {
  return perSecond === null ? '–' : perSecond < 9.95 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

export function percent(fraction: number): string {
  return `${Math.round(fraction * 100)}%`;
}

export function timeOfDay(wallMs: number): string {
  return new Date(wallMs).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
}
