export interface Unit {
  data: Uint8Array<ArrayBuffer>;
  ptsUs: number;
  key: boolean;
}

export function hasFfmpeg(): boolean;
export function encode(
  codec: 'h264' | 'h265',
  what: { width: number; height: number; frames: number; options: string },
): Promise<{ stream: Unit[]; pictures: string[]; count: number }>;
export function demux(bytes: Uint8Array): Promise<{ packets: { ptsUs: number; key: boolean }[]; pictures: string[] }>;
