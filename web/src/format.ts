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

// 812 kB, 3.4 MB
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

// "Today, 14:05:12", "Yesterday, …", "Tue, 24 Nov, …"
export function moment(wallMs: number, now: number): string {
  return `${day(wallMs, now)}, ${timeOfDay(wallMs)}`;
}

export function day(wallMs: number, now: number): string {
  const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now) - midnight(wallMs)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  const year = new Date(wallMs).getFullYear() === new Date(now).getFullYear() ? {} : ({ year: 'numeric' } as const);
  return new Date(wallMs).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', ...year });
}

// Of a clip: 0:07, 12:40
export function length(ms: number): string {
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
